#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/newest.hpp>

namespace coyield::generators {

namespace detail {

/// At the next of the ticks, which are `interval` apart and the first of which is `interval` after the start.
class AtTick {
 public:
  static constexpr bool cut_short = false;

  explicit AtTick(std::chrono::nanoseconds interval) noexcept : interval_(interval) {}
  void begin(std::chrono::nanoseconds now) noexcept { last_ = now; }
  void came(std::chrono::nanoseconds now) noexcept {
    if (std::exchange(waiting_, true)) return;
    last_ += (now - last_) / interval_ * interval_;
  }
  void passed(std::chrono::nanoseconds) noexcept { waiting_ = false; }
  bool at_once(std::chrono::nanoseconds) const noexcept { return false; }
  std::chrono::nanoseconds due() const noexcept { return last_ + interval_; }

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds last_{};  // the last tick before the item that waits
  bool waiting_ = false;
};

}  // namespace detail

/// Gives the newest item at each tick of `interval`, and nothing at a tick before which none has come.
///
/// The ticks are counted from the first time an item is asked for, and do not drift. Other than `throttle`
/// it holds back the first item too, so that the items of several samples with one interval come together.
/// Ends when the upstream ends; an item still waiting is delivered first, at its tick. `interval` must be
/// positive. Owns the upstream. Destroying it cancels the upstream; nothing is delivered after that. Throws
/// what the upstream throws, at once (what was still waiting is forgotten). While the consumer is busy the
/// upstream is not asked for anything, and ticks go by.
///
///     auto every_second = measurements() | sample(1s);
template <class T>
AsyncGenerator<typename AsyncGenerator<T>::value_type> sample(AsyncGenerator<T> upstream,
                                                              std::chrono::nanoseconds interval) {
  assert(interval > std::chrono::nanoseconds::zero());
  return detail::pass_newest(std::move(upstream), detail::AtTick(interval));
}

inline auto sample(std::chrono::nanoseconds interval) {
  return Pipe(
      [interval]<class T>(AsyncGenerator<T>&& upstream) { return sample(std::move(upstream), interval); });
}

}  // namespace coyield::generators
