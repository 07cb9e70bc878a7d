#pragma once

#include <coyield/generators/operators/compose.hpp>
#include <functional>

namespace coyield::generators {

template <class In, class State, class Function>
class ScanStage : public detail::StageDefaults {
 public:
  using Output = State;

  ScanStage(State initial, Function function) : state_(std::move(initial)), function_(std::move(function)) {}
  State* step(std::remove_reference_t<In>& item, bool&) {
    state_ = std::invoke(function_, std::move(state_), static_cast<In&&>(item));
    return given_.fill([&] { return std::as_const(state_); });
  }
  void clear() noexcept { given_.clear(); }

 private:
  State state_;
  [[no_unique_address]] Function function_;
  detail::Slot<State> given_;  // the consumer may move from what it gets
};

/// Gives the running result: `state = function(state, item)` for each item, starting from `initial`.
///
/// `initial` itself is not given: there are as many results as items. Ends when the upstream ends. The state
/// is moved into `function`, and copied for each result. Owns the upstream, the state and `function`.
/// Destroying it cancels the upstream. Throws what the upstream and `function` throw. A stage: fused with its
/// neighbours.
///
///     auto totals = amounts() | scan(0.0, std::plus<>());
template <class State, class Function>
auto scan(State initial, Function function) {
  return Stage<ScanStage, State, Function>(std::move(initial), std::move(function));
}
template <class T, class State, class Function>
auto scan(AsyncGenerator<T> upstream, State initial, Function function) {
  return std::move(upstream) | scan(std::move(initial), std::move(function));
}

}  // namespace coyield::generators
