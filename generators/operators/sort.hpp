#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/backlog.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <iterator>
#include <list>
#include <optional>
#include <set>
#include <string_view>

namespace coyield::generators {

/// How much `sort` holds back, and for how long. One of them at least has to say something.
struct SortBounds {
  std::size_t max_items = any_size;
  std::chrono::nanoseconds within = any_time;
  std::size_t max_bytes = any_size;  ///< by `memory_of`, with their keys; the last item may exceed it
};

namespace detail {

/// Items by their keys, and by when they came. A gap stands behind all that came before it.
template <class T, class Key, class Less>
class Sorted {
 public:
  using Value = typename AsyncGenerator<T>::value_type;
  using Given = std::remove_reference_t<T>;
  using Compared = std::remove_cvref_t<std::invoke_result_t<Key&, const Given&>>;
  static_assert(!std::is_same_v<Compared, std::string_view>,
                "the key outlives the item: return what owns its text, std::string(...)");

  Sorted(Key key, Less less, SortBounds bounds)
      : key_(std::move(key)), bounds_(bounds), order_(Order{std::move(less)}) {}

  /// Takes what is ready, as far as there is room, until it is time to look at the clock.
  Poll take(Upstream<T>& source, std::chrono::nanoseconds now) {
    for (unsigned taken = 0; taken < items_per_look && wants(); ++taken) {
      const Poll status = source.poll();
      if (status == Poll::pending) return status;
      auto item = source.item();
      if (!item) return Poll::done;
      add(*item, now);
    }
    return Poll::item;
  }
  /// What is to be passed on now, or null. With `all` everything is, in its order.
  Value* next(std::chrono::nanoseconds now, bool all) {
    if (order_.empty()) return gap_ ? &*gap_ : nullptr;
    const bool due = bounds_.within != any_time && now >= this->due();
    return all || due || !wants() ? &(*order_.begin())->item : nullptr;
  }
  /// Forgets what `next` gave.
  void pop() {
    if (order_.empty()) return gap_.reset();
    const auto first = *order_.begin();
    order_.erase(order_.begin());
    bytes_ -= first->bytes;
    held_.erase(first);
  }
  bool waits() const noexcept { return bounds_.within != any_time && !held_.empty(); }
  /// While it waits: until when.
  std::chrono::nanoseconds due() const noexcept { return held_.front().came + bounds_.within; }

 private:
  struct Held {
    Held(Compared with_key, Value kept, std::chrono::nanoseconds now, std::uint64_t at)
        : key(std::move(with_key)),
          item(std::move(kept)),
          bytes(memory_of(key) + memory_of(item)),
          came(now),
          number(at) {}
    Compared key;
    Value item;
    std::size_t bytes;
    std::chrono::nanoseconds came;
    std::uint64_t number;  // of equal ones the first stays in front
  };
  using InOrderOfArrival = std::list<Held>;
  struct Order {
    bool operator()(typename InOrderOfArrival::iterator one,
                    typename InOrderOfArrival::iterator other) const {
      if (std::invoke(less, one->key, other->key)) return true;
      if (std::invoke(less, other->key, one->key)) return false;
      return one->number < other->number;
    }
    [[no_unique_address]] Less less;
  };

  bool wants() const noexcept {
    return !gap_ && held_.size() < bounds_.max_items && bytes_ < bounds_.max_bytes;
  }
  void add(Given& item, std::chrono::nanoseconds now) {
    if (is_gap(item)) {
      gap_.emplace(keep(static_cast<T&&>(item)));
      return;
    }
    auto key = keep(std::invoke(key_, std::as_const(item)));
    held_.emplace_back(std::move(key), keep(static_cast<T&&>(item)), now, count_++);
    bytes_ += held_.back().bytes;
    order_.insert(std::prev(held_.end()));
  }

  [[no_unique_address]] Key key_;
  SortBounds bounds_;
  InOrderOfArrival held_;
  std::set<typename InOrderOfArrival::iterator, Order> order_;
  std::optional<Value> gap_;
  std::size_t bytes_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace detail

/// Puts items in the order of `less(key(item), key(other))`, as far as it can while it holds some back.
///
/// The first in order is passed on once `max_items` are held, or `max_bytes` bytes of them, and whenever one
/// has been held for `within`: until that one has been passed on too, so that each is, in time. An item that
/// comes when one behind it in order has been passed on already is late, and the first of those that are
/// held. Equal ones stay in the order in which they came. The rest comes in order when the upstream ends, or
/// throws, and then the exception. Where items are missing (`is_gap`), all that came before is passed on in
/// front of the gap, and all that comes later behind it. Bounds must be positive. Owns the upstream, `key`
/// and `less`. Destroying it cancels the upstream, and what it holds is gone. Throws what the upstream, `key`
/// and `less` throw. While the consumer is busy the upstream is not asked for anything.
///
///     auto in_order = log_lines() | sort({.within = 2s}, &Line::time);
template <class T, class Key = std::identity, class Less = std::less<>>
AsyncGenerator<typename AsyncGenerator<T>::value_type> sort(AsyncGenerator<T> upstream, SortBounds bounds,
                                                            Key key = {}, Less less = {}) {
  assert(bounds.max_items > 0 && bounds.max_bytes > 0 && bounds.within > std::chrono::nanoseconds::zero());
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Reminder reminder(changed);
  detail::Upstream<T> source(loop, std::move(upstream), changed);
  detail::Sorted<T, Key, Less> sorted(std::move(key), std::move(less), bounds);
  std::exception_ptr failed;
  unsigned looks = 0;
  for (;;) {
    Poll status = Poll::done;
    try {
      if (!failed) status = sorted.take(source, loop.now());
    } catch (...) {
      failed = std::current_exception();  // what came before it is given before it
    }
    const bool ended = status == Poll::done;
    if (auto* first = sorted.next(loop.now(), ended)) {
      looks = 0;
      co_yield std::move(*first);
      sorted.pop();
    } else if (ended) {
      break;
    } else if (status == Poll::pending) {
      if (sorted.waits()) loop.at(sorted.due(), reminder);
      co_await changed.wait();
    } else if (++looks % detail::looks_per_turn == 0) {
      co_await yield_now();
    }
  }
  if (failed) std::rethrow_exception(failed);
}

template <class Key = std::identity, class Less = std::less<>>
auto sort(SortBounds bounds, Key key = {}, Less less = {}) {
  return Pipe(
      [bounds, key = std::move(key), less = std::move(less)]<class T>(AsyncGenerator<T>&& upstream) mutable {
        return sort(std::move(upstream), bounds, std::move(key), std::move(less));
      });
}

}  // namespace coyield::generators
