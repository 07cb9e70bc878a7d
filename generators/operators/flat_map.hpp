#pragma once

#include <cassert>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/inputs.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <functional>

namespace coyield::generators {

namespace detail {

/// The stream that `function` makes of an item, as a plain generator.
template <class T, class Function>
using StreamFor = AsyncGenerator<ItemOf<std::invoke_result_t<Function&, T&&>>>;

template <class T, class Function>
StreamFor<T, Function> flatten_in_order(AsyncGenerator<T> upstream, Function function) {
  using Out = ItemOf<StreamFor<T, Function>>;
  unsigned empty = 0;
  while (auto item = co_await upstream.next()) {
    AsyncGenerator<Out> stream = std::invoke(function, static_cast<T&&>(*item));
    ++empty;
    while (auto inner = co_await stream.next()) {
      empty = 0;
      co_yield static_cast<Out&&>(*inner);
    }
    if (empty == drops_per_turn) {
      empty = 0;
      co_await yield_now();
    }
  }
}

/// Starts streams for the items that are ready, as long as one more may run.
template <class T, class U, class Function>
Poll start_streams(Upstream<T>& source, Inputs<U>& running, Function& function) {
  for (unsigned started = 0; started < items_per_look; ++started) {
    if (!running.has_room()) return Poll::pending;
    const Poll status = source.poll();
    if (status == Poll::pending) return status;
    auto item = source.item();
    if (!item) return Poll::done;
    running.add(std::invoke(function, static_cast<T&&>(*item)));
  }
  return Poll::item;
}

template <class T, class Function>
StreamFor<T, Function> flatten_at_once(AsyncGenerator<T> upstream, Function function, std::size_t most) {
  using Out = ItemOf<StreamFor<T, Function>>;
  Loop& loop = co_await this_loop();
  Event changed;
  Upstream<T> source(loop, std::move(upstream), changed);
  Inputs<Out> running(loop, most, changed);
  bool started_all = false;
  unsigned ended = 0;
  for (;;) {
    const Poll more = started_all ? Poll::done : start_streams(source, running, function);
    started_all = more == Poll::done;
    if (running.anything()) {
      auto item = running.front();
      if (item) {
        ended = 0;
        co_yield static_cast<Out&&>(*item);
        running.advance();
      } else if (++ended % drops_per_turn == 0) {
        co_await yield_now();
      }
    } else if (started_all && running.all_ended()) {
      co_return;
    } else {
      co_await changed.wait();
    }
  }
}

}  // namespace detail

/// Gives the items of the generators that `function` makes, one for each item.
///
/// Up to `concurrency` of them run at once, each at most one item ahead of the consumer; the upstream is not
/// asked for an item while so many run. With 1, which is the default, the items come in order: all that an
/// item makes before those of the next. With more they come as they come, and those that are always ready
/// take turns. Ends when the upstream and all generators have ended. When one throws, the others are
/// cancelled and the exception passes on, and so it is when the upstream throws. `function` gets the item as
/// an rvalue; what it returns may refer to it only with a concurrency of 1, since the item goes when the next
/// one is asked for. Owns all of them. Destroying it cancels all. `concurrency` must be positive.
///
///     auto lines = file_names() | flat_map([](std::string name) { return lines_of(std::move(name)); });
///     auto pages = urls() | flat_map(fetch, 8);
template <class T, class Function>
detail::StreamFor<T, Function> flat_map(AsyncGenerator<T> upstream, Function function,
                                        std::size_t concurrency = 1) {
  assert(concurrency > 0);
  if (concurrency == 1) return detail::flatten_in_order(std::move(upstream), std::move(function));
  return detail::flatten_at_once(std::move(upstream), std::move(function), concurrency);
}

template <class Function>
  requires(!detail::IsGenerator<Function>)
auto flat_map(Function function, std::size_t concurrency = 1) {
  return Pipe([function = std::move(function), concurrency]<class T>(AsyncGenerator<T>&& upstream) mutable {
    return flat_map(std::move(upstream), std::move(function), concurrency);
  });
}

}  // namespace coyield::generators
