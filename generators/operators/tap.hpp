#pragma once

#include <coyield/generators/operators/compose.hpp>
#include <functional>

namespace coyield::generators {

template <class In, class Function>
class TapStage : public detail::StageDefaults {
  using Item = std::remove_reference_t<In>;

 public:
  using Output = In;

  explicit TapStage(Function function) : function_(std::move(function)) {}
  Item* step(Item& item, bool&) {
    std::invoke(function_, std::as_const(item));
    return &item;
  }

 private:
  [[no_unique_address]] Function function_;
};

/// Calls `function(item)` with each item, and passes the item on as it is: for logs, figures and debugging.
///
/// `function` sees an item before the consumer does, as a const reference that is valid during the call; what
/// it returns is ignored, so it must not be a coroutine. Ends when the upstream ends. Owns the upstream and
/// `function`. Destroying it cancels the upstream. Throws what the upstream and `function` throw. A stage:
/// fused with its neighbours.
///
///     auto counted = orders() | tap([&seen](const Order&) { ++seen; });
template <class Function>
auto tap(Function function) {
  return Stage<TapStage, Function>(std::move(function));
}
template <class T, class Function>
auto tap(AsyncGenerator<T> upstream, Function function) {
  return std::move(upstream) | tap(std::move(function));
}

}  // namespace coyield::generators
