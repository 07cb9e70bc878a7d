#pragma once

#include <cassert>
#include <chrono>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <optional>

namespace coyield::generators {

namespace detail {

/// Takes up to `most` items that are ready, and keeps the last of them. Throws what the upstream throws.
template <class T>
Poll take_newest(Upstream<T>& source, std::optional<typename AsyncGenerator<T>::value_type>& newest,
                 unsigned most) {
  for (unsigned taken = 0; taken < most; ++taken) {
    const Poll status = source.poll();
    if (status == Poll::pending) return status;
    auto item = source.item();
    if (!item) return Poll::done;
    newest.emplace(keep(static_cast<T&&>(*item)));
  }
  return Poll::item;
}

}  // namespace detail

/// Passes on at most one item per `interval`, keeping the newest and forgetting the rest.
///
/// The first item passes at once, and so does one that comes when `interval` has gone by without any. Of
/// those that come sooner the newest is delivered when the interval ends. Ends when the upstream ends; an
/// item still waiting is delivered first, in its time. `interval` must be positive. Owns the upstream.
/// Destroying it cancels the upstream; nothing is delivered after that. Throws what the upstream throws, at
/// once (what was still waiting is forgotten); adds no failures of its own. While the consumer is busy the
/// upstream is not asked for anything.
///
///     auto calm = ticks(1ms) | throttle(100ms);
template <class T>
AsyncGenerator<typename AsyncGenerator<T>::value_type> throttle(AsyncGenerator<T> upstream,
                                                                std::chrono::nanoseconds interval) {
  assert(interval > std::chrono::nanoseconds::zero());
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Reminder reminder(changed);
  detail::Upstream<T> source(loop, std::move(upstream), changed);
  std::optional<typename AsyncGenerator<T>::value_type> newest;
  std::chrono::nanoseconds due = loop.now();  // from then on one may pass
  unsigned looks = 0;
  for (;;) {
    // The first to come when one may pass does so at once, however many are ready behind it.
    const unsigned most = newest || loop.now() < due ? detail::items_per_look : 1;
    const Poll status = detail::take_newest(source, newest, most);
    if (newest && loop.now() >= due) {
      due = loop.now() + interval;
      looks = 0;
      co_yield std::move(*newest);
      newest.reset();
    } else if (status == Poll::done) {
      if (!newest) co_return;
      co_await sleep_until(due);
    } else if (status == Poll::pending) {
      if (newest) loop.at(due, reminder);
      co_await changed.wait();
    } else if (++looks % detail::looks_per_turn == 0) {
      co_await yield_now();
    }
  }
}

inline auto throttle(std::chrono::nanoseconds interval) {
  return Pipe(
      [interval]<class T>(AsyncGenerator<T>&& upstream) { return throttle(std::move(upstream), interval); });
}

}  // namespace coyield::generators
