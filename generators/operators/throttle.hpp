#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/newest.hpp>

namespace coyield::generators {

namespace detail {

/// From one item to the next at least `interval`.
class AfterInterval {
 public:
  static constexpr bool cut_short = false;

  explicit AfterInterval(std::chrono::nanoseconds interval) noexcept : interval_(interval) {}
  void begin(std::chrono::nanoseconds now) noexcept { due_ = now; }
  void came(std::chrono::nanoseconds) const noexcept {}
  void passed(std::chrono::nanoseconds now) noexcept { due_ = now + interval_; }
  bool at_once(std::chrono::nanoseconds now) const noexcept { return now >= due_; }
  std::chrono::nanoseconds due() const noexcept { return due_; }

 private:
  std::chrono::nanoseconds interval_;
  std::chrono::nanoseconds due_{};
};

}  // namespace detail

/// Passes on at most one item per `interval`, keeping the newest and forgetting the rest.
///
/// The first item passes at once, and so does one that comes when `interval` has gone by without any. Of
/// those that come sooner the newest is delivered when the interval ends. Ends when the upstream ends; an
/// item still waiting is delivered first, in its time. `interval` must be positive. Owns the upstream.
/// Destroying it cancels the upstream; nothing is delivered after that. Throws what the upstream throws, at
/// once (what was still waiting is forgotten); adds no failures of its own. While the consumer is busy the
/// upstream is not asked for anything.
///
///     auto calm = ticks(1ms) | throttle(100ms);
template <class T>
AsyncGenerator<typename AsyncGenerator<T>::value_type> throttle(AsyncGenerator<T> upstream,
                                                                std::chrono::nanoseconds interval) {
  assert(interval > std::chrono::nanoseconds::zero());
  return detail::pass_newest(std::move(upstream), detail::AfterInterval(interval));
}

inline auto throttle(std::chrono::nanoseconds interval) {
  return Pipe(
      [interval]<class T>(AsyncGenerator<T>&& upstream) { return throttle(std::move(upstream), interval); });
}

}  // namespace coyield::generators
