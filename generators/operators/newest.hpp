#pragma once

#include <chrono>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <optional>

/// What `throttle`, `sample` and `debounce` share: the newest item is kept, and passed on in its time.
///
/// When that is says a class with
///   * `begin(now)`, `came(now)`, `passed(now)`: it starts; items have come; the newest is passed on;
///   * `due()`: when the newest that is kept may pass;
///   * `at_once(now)`: an item that came now would pass at once, so that no newer one is looked for;
///   * `cut_short`: at the end of the stream, the newest passes at once.
namespace coyield::generators::detail {

/// What was taken of an upstream, and why no more.
struct Taken {
  Poll status;
  unsigned items;
};

/// Takes up to `most` items that are ready, and keeps the last of them. Throws what the upstream throws.
template <class T>
Taken take_newest(Upstream<T>& source, std::optional<typename AsyncGenerator<T>::value_type>& newest,
                  unsigned most) {
  for (unsigned taken = 0; taken < most; ++taken) {
    const Poll status = source.poll();
    if (status == Poll::pending) return {status, taken};
    auto item = source.item();
    if (!item) return {Poll::done, taken};
    if (!newest || !is_gap(*item)) newest.emplace(keep(static_cast<T&&>(*item)));
  }
  return {Poll::item, most};
}

template <class T, class When>
AsyncGenerator<typename AsyncGenerator<T>::value_type> pass_newest(AsyncGenerator<T> upstream, When when) {
  Loop& loop = co_await this_loop();
  Event changed;
  Reminder reminder(changed);
  Upstream<T> source(loop, std::move(upstream), changed);
  std::optional<typename AsyncGenerator<T>::value_type> newest;
  unsigned looks = 0;
  when.begin(loop.now());
  for (;;) {
    const unsigned most = !newest && when.at_once(loop.now()) ? 1 : items_per_look;
    const Taken taken = take_newest(source, newest, most);
    if (taken.items != 0) when.came(loop.now());
    const bool done = taken.status == Poll::done;
    if (newest && ((done && When::cut_short) || loop.now() >= when.due())) {
      when.passed(loop.now());
      looks = 0;
      co_yield std::move(*newest);
      newest.reset();
    } else if (done) {
      if (!newest) co_return;
      co_await sleep_until(when.due());
    } else if (taken.status == Poll::pending) {
      if (newest) loop.at(when.due(), reminder);
      co_await changed.wait();
    } else if (++looks % looks_per_turn == 0) {
      co_await yield_now();
    }
  }
}

}  // namespace coyield::generators::detail
