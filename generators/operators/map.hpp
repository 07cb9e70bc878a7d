#pragma once

#include <coyield/generators/operators/compose.hpp>
#include <functional>

namespace coyield::generators {

template <class In, class Function>
class MapStage : public detail::StageDefaults {
  using Result = std::invoke_result_t<Function&, In&&>;

 public:
  /// A reference into the item, or to something that lives longer, is passed on as one.
  using Output = std::conditional_t<std::is_lvalue_reference_v<Result>, Result, std::remove_cvref_t<Result>>;

  explicit MapStage(Function function) : function_(std::move(function)) {}
  auto* step(std::remove_reference_t<In>& item, bool&) {
    return made_.fill([&]() -> Result { return std::invoke(function_, static_cast<In&&>(item)); });
  }
  void clear() noexcept { made_.clear(); }

 private:
  [[no_unique_address]] Function function_;
  detail::Slot<Output> made_;
};

/// Gives `function(item)` for each item.
///
/// Ends when the upstream ends. `function` gets the item as an rvalue (of an `AsyncGenerator<T&>`: as `T&`),
/// may be anything that `std::invoke` takes, and must not be a coroutine; what it returns is destroyed before
/// the next item is asked for. Owns the upstream and `function`. Destroying it cancels the upstream. Throws
/// what the upstream and `function` throw. A stage: fused with its neighbours.
///
///     auto lengths = lines() | map([](std::string_view line) { return line.size(); });
template <class Function>
auto map(Function function) {
  return Stage<MapStage, Function>(std::move(function));
}
template <class T, class Function>
auto map(AsyncGenerator<T> upstream, Function function) {
  return std::move(upstream) | map(std::move(function));
}

}  // namespace coyield::generators
