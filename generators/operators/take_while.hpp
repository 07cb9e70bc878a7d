#pragma once

#include <coyield/generators/operators/compose.hpp>
#include <functional>

namespace coyield::generators {

template <class In, class Predicate>
class TakeWhileStage : public detail::StageDefaults {
  using Item = std::remove_reference_t<In>;

 public:
  using Output = In;
  static constexpr bool may_drop = true;

  explicit TakeWhileStage(Predicate predicate) : predicate_(std::move(predicate)) {}
  Item* step(Item& item, bool& last) {
    if (std::invoke(predicate_, std::as_const(item))) return &item;
    last = true;
    return nullptr;
  }

 private:
  [[no_unique_address]] Predicate predicate_;
};

/// Passes on items until `predicate(item)` is false for one; that one is dropped, and it ends.
///
/// Ends sooner when the upstream does. Owns the upstream and `predicate`. Destroying it cancels the upstream.
/// Throws what the upstream and `predicate` throw. A stage: fused with its neighbours.
///
///     auto head = lines() | take_while([](const std::string& line) { return !line.empty(); });
template <class Predicate>
auto take_while(Predicate predicate) {
  return Stage<TakeWhileStage, Predicate>(std::move(predicate));
}
template <class T, class Predicate>
auto take_while(AsyncGenerator<T> upstream, Predicate predicate) {
  return std::move(upstream) | take_while(std::move(predicate));
}

}  // namespace coyield::generators
