#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <exception>
#include <vector>

namespace coyield::generators {

/// No limit in time: a batch is given when it is full, or at the end.
inline constexpr std::chrono::nanoseconds any_time = std::chrono::nanoseconds::max();

namespace detail {

/// Takes what is ready, until the batch has `max_items` or it is time to look at the clock.
template <class T>
Poll take_ready(Upstream<T>& source, std::vector<typename AsyncGenerator<T>::value_type>& batch,
                std::size_t max_items) {
  for (unsigned taken = 0; taken < items_per_look && batch.size() < max_items; ++taken) {
    const Poll status = source.poll();
    if (status == Poll::pending) return status;
    auto item = source.item();
    if (!item) return Poll::done;
    batch.push_back(keep(static_cast<T&&>(*item)));
  }
  return Poll::item;
}

}  // namespace detail

/// Gives the items in vectors of `max_items`, or of those that came `within` that time of the first in the
/// vector.
///
/// No vector is empty. Ends when the upstream ends or throws; what had come by then is given first, and the
/// exception thrown after it. `max_items` must be positive; with `within` zero, whatever is ready together is
/// a batch. Owns the upstream. Destroying it cancels the upstream, and the items of an unfinished batch are
/// gone. Adds no failures of its own. While the consumer is busy the upstream is not asked for anything.
///
///     auto inserts = rows() | batch(100, 50ms);
template <class T>
AsyncGenerator<std::vector<typename AsyncGenerator<T>::value_type>> batch(
    AsyncGenerator<T> upstream, std::size_t max_items, std::chrono::nanoseconds within = any_time) {
  assert(max_items > 0);
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Reminder reminder(changed);
  detail::Upstream<T> source(loop, std::move(upstream), changed);
  std::vector<typename AsyncGenerator<T>::value_type> items;
  std::chrono::nanoseconds due = any_time;
  std::exception_ptr failed;
  unsigned looks = 0;
  for (;;) {
    const bool fresh = items.empty();
    Poll status = Poll::done;
    try {
      status = detail::take_ready(source, items, max_items);
    } catch (...) {
      failed = std::current_exception();
    }
    if (fresh && !items.empty() && within != any_time) due = loop.now() + within;
    const bool ended = status == Poll::done;
    if (!items.empty() && (ended || items.size() == max_items || loop.now() >= due)) {
      due = any_time;
      reminder.cancel();
      looks = 0;
      co_yield std::move(items);
      items.clear();
    }
    if (ended) break;
    if (status == Poll::pending) {
      if (due != any_time && !reminder.scheduled()) loop.at(due, reminder);
      co_await changed.wait();
    } else if (++looks % detail::looks_per_turn == 0) {
      co_await yield_now();
    }
  }
  if (failed) std::rethrow_exception(failed);
}

inline auto batch(std::size_t max_items, std::chrono::nanoseconds within = any_time) {
  return Pipe([max_items, within]<class T>(AsyncGenerator<T>&& upstream) {
    return batch(std::move(upstream), max_items, within);
  });
}

}  // namespace coyield::generators
