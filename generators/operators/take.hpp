#pragma once

#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/compose.hpp>

namespace coyield::generators {

template <class In, class Count>
class TakeStage : public detail::StageDefaults {
  using Item = std::remove_reference_t<In>;

 public:
  using Output = In;

  explicit TakeStage(Count count) noexcept : left_(count) {}
  bool ended() const noexcept { return left_ == 0; }
  Item* step(Item& item, bool& last) noexcept {
    if (!is_gap(item) && --left_ == 0) last = true;
    return &item;
  }

 private:
  Count left_;
};

/// Passes on the first `count` items, and ends.
///
/// Ends sooner when the upstream does. The item behind the last is never asked for; for `take(0)` the
/// upstream never starts. Owns the upstream. Destroying it cancels the upstream. Throws what the upstream
/// throws. A stage: fused with its neighbours.
///
///     auto some = counter() | take(5);
inline auto take(std::uint64_t count) { return Stage<TakeStage, std::uint64_t>(count); }
template <class T>
auto take(AsyncGenerator<T> upstream, std::uint64_t count) {
  return std::move(upstream) | take(count);
}

}  // namespace coyield::generators
