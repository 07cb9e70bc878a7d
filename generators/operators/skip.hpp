#pragma once

#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/compose.hpp>

namespace coyield::generators {

template <class In, class Count>
class SkipStage : public detail::StageDefaults {
  using Item = std::remove_reference_t<In>;

 public:
  using Output = In;
  static constexpr bool may_drop = true;

  explicit SkipStage(Count count) noexcept : left_(count) {}
  Item* step(Item& item, bool&) noexcept {
    if (left_ == 0 || is_gap(item)) [[likely]]
      return &item;
    --left_;
    return nullptr;
  }

 private:
  Count left_;
};

/// Drops the first `count` items and passes on the rest.
///
/// Ends when the upstream ends. Owns the upstream. Destroying it cancels the upstream. Throws what the
/// upstream throws. A stage: fused with its neighbours.
///
///     auto rows = lines() | skip(1);     // without the header
inline auto skip(std::uint64_t count) { return Stage<SkipStage, std::uint64_t>(count); }
template <class T>
auto skip(AsyncGenerator<T> upstream, std::uint64_t count) {
  return std::move(upstream) | skip(count);
}

}  // namespace coyield::generators
