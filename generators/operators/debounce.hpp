#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/newest.hpp>

namespace coyield::generators {

namespace detail {

/// When nothing has come for `silence`.
class AfterSilence {
 public:
  static constexpr bool cut_short = true;  // what follows the end is silence

  explicit AfterSilence(std::chrono::nanoseconds silence) noexcept : silence_(silence) {}
  void begin(std::chrono::nanoseconds) const noexcept {}
  void came(std::chrono::nanoseconds now) noexcept { due_ = now + silence_; }
  void passed(std::chrono::nanoseconds) const noexcept {}
  bool at_once(std::chrono::nanoseconds) const noexcept { return false; }
  std::chrono::nanoseconds due() const noexcept { return due_; }

 private:
  std::chrono::nanoseconds silence_;
  std::chrono::nanoseconds due_{};
};

}  // namespace detail

/// Gives the newest item once none has come for `silence`, and forgets those before it.
///
/// An upstream that is never silent for so long is not heard at all: `throttle` and `sample` are for those.
/// Ends when the upstream ends; an item still waiting is delivered at once, since silence follows. `silence`
/// must be positive; it counts from when the item was seen, which for a slow consumer is when it comes back.
/// Owns the upstream. Destroying it cancels the upstream; nothing is delivered after that. Throws what the
/// upstream throws, at once (what was still waiting is forgotten). While the consumer is busy the upstream is
/// not asked for anything.
///
///     auto queries = typed_text() | debounce(300ms);
template <class T>
AsyncGenerator<typename AsyncGenerator<T>::value_type> debounce(AsyncGenerator<T> upstream,
                                                                std::chrono::nanoseconds silence) {
  assert(silence > std::chrono::nanoseconds::zero());
  return detail::pass_newest(std::move(upstream), detail::AfterSilence(silence));
}

inline auto debounce(std::chrono::nanoseconds silence) {
  return Pipe(
      [silence]<class T>(AsyncGenerator<T>&& upstream) { return debounce(std::move(upstream), silence); });
}

}  // namespace coyield::generators
