#pragma once

#include <coyield/generators/operators/compose.hpp>
#include <functional>

namespace coyield::generators {

template <class In, class Predicate>
class FilterStage : public detail::StageDefaults {
  using Item = std::remove_reference_t<In>;

 public:
  using Output = In;
  static constexpr bool may_drop = true;

  explicit FilterStage(Predicate predicate) : predicate_(std::move(predicate)) {}
  Item* step(Item& item, bool&) { return std::invoke(predicate_, std::as_const(item)) ? &item : nullptr; }

 private:
  [[no_unique_address]] Predicate predicate_;
};

/// Passes on the items for which `predicate(item)` is true.
///
/// Ends when the upstream ends. Owns the upstream and `predicate`. Destroying it cancels the upstream.
/// Throws what the upstream and `predicate` throw. When very many items that are ready are dropped in a row,
/// the others on the thread get their turn in between. A stage: fused with its neighbours.
///
///     auto errors = entries() | filter([](const Entry& entry) { return entry.level == Level::error; });
template <class Predicate>
auto filter(Predicate predicate) {
  return Stage<FilterStage, Predicate>(std::move(predicate));
}
template <class T, class Predicate>
auto filter(AsyncGenerator<T> upstream, Predicate predicate) {
  return std::move(upstream) | filter(std::move(predicate));
}

}  // namespace coyield::generators
