#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/upstream.hpp>

namespace coyield::generators {

/// What `timeout` throws. For a client it is `unavailable`: trying again later makes sense.
class TimedOut : public Failure {
 public:
  TimedOut() : Failure(FailureKind::unavailable, "no item came in time") {}
};

/// Passes all items on, and throws `TimedOut` when the upstream gives nothing for `duration`.
///
/// The time counts while an item is waited for, from when it was asked for: a slow consumer is nobody's
/// fault. Ends when the upstream ends. `duration` must be positive. Owns the upstream, and cancels it before
/// it throws. Destroying it cancels the upstream. Throws what the upstream throws. An item that is ready
/// costs no timer.
///
///     auto lively = upstream_events() | timeout(30s);
template <class T>
AsyncGenerator<T> timeout(AsyncGenerator<T> upstream, std::chrono::nanoseconds duration) {
  assert(duration > std::chrono::nanoseconds::zero());
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Reminder reminder(changed);
  detail::Upstream<T> source(loop, std::move(upstream), changed);
  for (;;) {
    Poll status = source.poll();
    if (status == Poll::pending) {
      const std::chrono::nanoseconds due = loop.now() + duration;
      loop.at(due, reminder);
      while (status == Poll::pending) {
        // What became ready at the very last moment is in time.
        if (!reminder.scheduled()) {
          source.close();
          throw TimedOut();
        }
        co_await changed.wait();
        status = source.poll();
      }
      reminder.cancel();
    }
    auto item = source.item();
    if (!item) co_return;
    co_yield static_cast<T&&>(*item);
  }
}

inline auto timeout(std::chrono::nanoseconds duration) {
  return Pipe(
      [duration]<class T>(AsyncGenerator<T>&& upstream) { return timeout(std::move(upstream), duration); });
}

}  // namespace coyield::generators
