#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/operators/backlog.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <exception>
#include <vector>

namespace coyield::generators {

namespace detail {

/// What `batch` gathers into: `Output`, `add`, `empty`, `full`, `result` and `clear`, which may keep what is
/// to be part of the next one.
template <class T>
class VectorOf {
 public:
  using Output = std::vector<typename AsyncGenerator<T>::value_type>;

  explicit VectorOf(std::size_t max_items) noexcept : max_items_(max_items) {}
  void add(std::remove_reference_t<T>& item) { items_.push_back(keep(static_cast<T&&>(item))); }
  bool empty() const noexcept { return items_.empty(); }
  bool full() const noexcept { return items_.size() >= max_items_; }
  Output& result() noexcept { return items_; }
  void clear() noexcept { items_.clear(); }

 private:
  std::size_t max_items_;
  Output items_;
};

/// Takes what is ready, until the batch is full or it is time to look at the clock.
template <class T, class Into>
Poll gather_ready(Upstream<T>& source, Into& into) {
  for (unsigned taken = 0; taken < items_per_look && !into.full(); ++taken) {
    const Poll status = source.poll();
    if (status == Poll::pending) return status;
    auto item = source.item();
    if (!item) return Poll::done;
    into.add(*item);
  }
  return Poll::item;
}

/// `batch` into anything.
template <class T, class Into>
AsyncGenerator<typename Into::Output> gather(AsyncGenerator<T> upstream, Into into,
                                             std::chrono::nanoseconds within) {
  Loop& loop = co_await this_loop();
  Event changed;
  Reminder reminder(changed);
  Upstream<T> source(loop, std::move(upstream), changed);
  std::chrono::nanoseconds due = any_time;
  std::exception_ptr failed;
  unsigned looks = 0;
  for (;;) {
    Poll status = Poll::done;
    try {
      status = gather_ready(source, into);
    } catch (...) {
      failed = std::current_exception();  // what came before it is given before it
    }
    if (due == any_time && !into.empty() && within != any_time) due = loop.now() + within;
    const bool ended = status == Poll::done;
    if (!into.empty() && (ended || into.full() || loop.now() >= due)) {
      due = any_time;
      looks = 0;
      reminder.cancel();
      co_yield std::move(into.result());
      into.clear();
    }
    if (ended) break;
    if (status == Poll::pending) {
      if (due != any_time && !reminder.scheduled()) loop.at(due, reminder);
      co_await changed.wait();
    } else if (++looks % looks_per_turn == 0) {
      co_await yield_now();
    }
  }
  if (failed) std::rethrow_exception(failed);
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
  return detail::gather(std::move(upstream), detail::VectorOf<T>(max_items), within);
}

inline auto batch(std::size_t max_items, std::chrono::nanoseconds within = any_time) {
  return Pipe([max_items, within]<class T>(AsyncGenerator<T>&& upstream) {
    return batch(std::move(upstream), max_items, within);
  });
}

}  // namespace coyield::generators
