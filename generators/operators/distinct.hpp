#pragma once

#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <functional>
#include <optional>
#include <string_view>

namespace coyield::generators {

template <class In, class Key>
class DistinctStage : public detail::StageDefaults {
  using Item = std::remove_reference_t<In>;
  using Compared = std::remove_cvref_t<std::invoke_result_t<Key&, const Item&>>;
  static_assert(!std::is_same_v<Compared, std::string_view>,
                "the key outlives the item: return what owns its text, std::string(...)");

 public:
  using Output = In;
  static constexpr bool may_drop = true;

  explicit DistinctStage(Key key) : key_(std::move(key)) {}
  Item* step(Item& item, bool&) {
    if (is_gap(item)) {
      last_.reset();  // what came before the next item, nobody knows
      return &item;
    }
    auto&& compared = std::invoke(key_, std::as_const(item));
    if (last_ && *last_ == compared) return nullptr;
    last_.emplace(keep(std::forward<decltype(compared)>(compared)));
    return &item;
  }

 private:
  [[no_unique_address]] Key key_;
  std::optional<Compared> last_;
};

/// Drops an item whose `key(item)` equals that of the item before it.
///
/// Only neighbours are compared: of 1, 1, 2, 1 it drops one. The key of the last item is kept; without `key`
/// that is a copy of the whole item. Where items are missing (`is_gap`), the next one always passes. Ends
/// when the upstream ends. Owns the upstream and `key`. Destroying it cancels the upstream. Throws what the
/// upstream, `key` and the comparison throw. A stage: fused with its neighbours.
///
///     auto changes = readings() | distinct();
///     auto moves = orders() | distinct(&Order::state);
template <class Key = std::identity>
  requires(!detail::IsGenerator<Key>)
auto distinct(Key key = {}) {
  return Stage<DistinctStage, Key>(std::move(key));
}
template <class T, class Key = std::identity>
auto distinct(AsyncGenerator<T> upstream, Key key = {}) {
  return std::move(upstream) | distinct(std::move(key));
}

}  // namespace coyield::generators
