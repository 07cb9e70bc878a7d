#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/operators/backlog.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <deque>
#include <exception>

namespace coyield::generators {

namespace detail {

/// Items with the time at which each may go on.
template <class T>
class Delayed {
 public:
  Delayed(std::chrono::nanoseconds duration, Backlog<T> room)
      : duration_(duration), backlog_(std::move(room)) {}

  /// Takes what is ready, as far as there is room, until it is time to look at the clock.
  Poll take(Upstream<T>& source, Loop& loop) {
    for (unsigned taken = 0; taken < items_per_look && !backlog_.full(); ++taken) {
      const Poll status = source.poll();
      if (status == Poll::pending) return status;
      auto item = source.item();
      if (!item) return Poll::done;
      backlog_.push(*item);
      due_.push_back(loop.now() + duration_);
    }
    return Poll::item;
  }
  Backlog<T>& backlog() noexcept { return backlog_; }
  std::chrono::nanoseconds due() const noexcept { return due_.front(); }
  void pop() noexcept {
    backlog_.pop();
    due_.pop_front();
  }

 private:
  std::chrono::nanoseconds duration_;
  Backlog<T> backlog_;
  std::deque<std::chrono::nanoseconds> due_;
};

/// How many items `delay` holds where nothing else is said.
inline constexpr std::size_t delayed_items = 1024;

}  // namespace detail

/// Gives each item `duration` after it came, in the same order.
///
/// It holds up to `max_items` items, or `max_bytes` bytes of them by `memory_of`, and asks for no more while
/// it is full: then items come later than `duration`. `duration` must not be negative, `max_items` must be
/// positive. Ends when the upstream ends, and throws what the upstream throws, behind the items that came
/// before. Owns the upstream. Destroying it cancels the upstream, and what it holds is gone. While the
/// consumer is busy the upstream is not asked for anything.
///
///     auto later = prices() | delay(15min);
template <class T>
AsyncGenerator<typename AsyncGenerator<T>::value_type> delay(AsyncGenerator<T> upstream,
                                                             std::chrono::nanoseconds duration,
                                                             std::size_t max_items = detail::delayed_items,
                                                             std::size_t max_bytes = any_size) {
  assert(duration >= std::chrono::nanoseconds::zero() && max_items > 0 && max_bytes > 0);
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Reminder reminder(changed);
  detail::Upstream<T> source(loop, std::move(upstream), changed);
  detail::Delayed<T> delayed(duration, detail::Backlog<T>(max_items, max_bytes));
  std::exception_ptr failed;
  unsigned looks = 0;
  for (;;) {
    Poll status = Poll::done;
    try {
      if (!failed) status = delayed.take(source, loop);
    } catch (...) {
      failed = std::current_exception();
    }
    const bool waiting = !delayed.backlog().empty();
    if (waiting && loop.now() >= delayed.due()) {
      looks = 0;
      co_yield std::move(delayed.backlog().front());
      delayed.pop();
    } else if (status == Poll::done) {
      if (!waiting) break;
      co_await sleep_until(delayed.due());
    } else if (delayed.backlog().full()) {
      co_await sleep_until(delayed.due());
    } else if (status == Poll::pending) {
      if (waiting) loop.at(delayed.due(), reminder);
      co_await changed.wait();
    } else if (++looks % detail::looks_per_turn == 0) {
      co_await yield_now();
    }
  }
  if (failed) std::rethrow_exception(failed);
}

inline auto delay(std::chrono::nanoseconds duration, std::size_t max_items = detail::delayed_items,
                  std::size_t max_bytes = any_size) {
  return Pipe([duration, max_items, max_bytes]<class T>(AsyncGenerator<T>&& upstream) {
    return delay(std::move(upstream), duration, max_items, max_bytes);
  });
}

}  // namespace coyield::generators
