#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/backlog.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <functional>
#include <list>
#include <string_view>
#include <unordered_map>

namespace coyield::generators {

/// What `dedupe` remembers.
struct DedupeBounds {
  std::size_t max_keys = 10'000;
  std::size_t max_bytes = any_size;  ///< of the keys, by `memory_of`, with what they take to be found
  std::chrono::nanoseconds within = any_time;  ///< for how long after a key was seen last
};

namespace detail {

/// Keys, as far as they have been seen lately.
template <class Key>
class RecentKeys {
 public:
  explicit RecentKeys(DedupeBounds bounds) noexcept : bounds_(bounds) {}

  /// Whether it has been seen. It has now, and is the one that will be forgotten last.
  template <class Seen>
  bool see(Seen&& key, std::chrono::nanoseconds now) {
    forget_old(now);
    if (const auto known = keys_.find(key); known != keys_.end()) {
      known->second->seen = now;
      in_order_.splice(in_order_.end(), in_order_, known->second);
      return true;
    }
    const auto added = keys_.emplace(keep(std::forward<Seen>(key)), in_order_.end()).first;
    const std::size_t bytes = memory_of(added->first) + memory_of_entry;
    added->second = in_order_.insert(in_order_.end(), Entry{&added->first, now, bytes});
    bytes_ += bytes;
    while (in_order_.size() > bounds_.max_keys || (bytes_ > bounds_.max_bytes && in_order_.size() > 1))
      forget_oldest();
    return false;
  }

 private:
  struct Entry {
    const Key* key;
    std::chrono::nanoseconds seen;
    std::size_t bytes;
  };
  using InOrder = std::list<Entry>;
  /// With the links of the list and of the table, and the place in the table.
  static constexpr std::size_t memory_of_entry = sizeof(Entry) + 6 * sizeof(void*);

  void forget_old(std::chrono::nanoseconds now) {
    while (!in_order_.empty() && now - in_order_.front().seen >= bounds_.within) forget_oldest();
  }
  void forget_oldest() {
    bytes_ -= in_order_.front().bytes;
    keys_.erase(keys_.find(*in_order_.front().key));
    in_order_.pop_front();
  }

  DedupeBounds bounds_;
  std::unordered_map<Key, typename InOrder::iterator> keys_;
  InOrder in_order_;  // the one that was seen last at the end
  std::size_t bytes_ = 0;
};

}  // namespace detail

/// Drops an item whose `key(item)` was that of an item before, as far as that is remembered.
///
/// It remembers `max_keys` keys, or `max_bytes` bytes of them, each for `within` after an item had it last,
/// be it one that was dropped. Where it has to forget, it is the key that was seen least recently, and the
/// next item with that one passes. Keys are compared and hashed with `==` and `std::hash`; without `key` it
/// is a copy of the item. `max_keys` must be positive. A gap (`is_gap`) passes, and clears nothing. Ends when
/// the upstream ends. Owns the upstream and `key`. Destroying it cancels the upstream. Throws what the
/// upstream and `key` throw. When very many items that are ready are dropped in a row, the others on the
/// thread get their turn in between.
///
///     auto once = events() | dedupe(&Event::id);
///     auto hourly = alerts() | dedupe(&Alert::text, {.max_keys = 1000, .within = 1h});
template <class T, class Key = std::identity>
AsyncGenerator<typename AsyncGenerator<T>::value_type> dedupe(AsyncGenerator<T> upstream, Key key = {},
                                                              DedupeBounds bounds = {}) {
  using Compared = std::remove_cvref_t<std::invoke_result_t<Key&, const std::remove_reference_t<T>&>>;
  static_assert(!std::is_same_v<Compared, std::string_view>,
                "the key outlives the item: return what owns its text, std::string(...)");
  assert(bounds.max_keys > 0);
  Loop& loop = co_await this_loop();
  detail::RecentKeys<Compared> recent(bounds);
  unsigned dropped = 0;
  for (;;) {
    auto item = co_await upstream.next();
    if (!item) co_return;
    if (is_gap(*item) || !recent.see(std::invoke(key, std::as_const(*item)), loop.now())) {
      dropped = 0;
      co_yield static_cast<T&&>(*item);
    } else if (++dropped == detail::drops_per_turn) {
      dropped = 0;
      co_await yield_now();
    }
  }
}

template <class Key = std::identity>
  requires(!detail::IsGenerator<Key>)
auto dedupe(Key key = {}, DedupeBounds bounds = {}) {
  return Pipe([key = std::move(key), bounds]<class T>(AsyncGenerator<T>&& upstream) mutable {
    return dedupe(std::move(upstream), std::move(key), bounds);
  });
}

}  // namespace coyield::generators
