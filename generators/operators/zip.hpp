#pragma once

#include <coyield/generators/operators/streams.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <functional>
#include <tuple>

namespace coyield::generators {

namespace detail {

/// One of the streams: pulled up to its next item, which it holds until all have one.
template <class T>
class ZipInput {
 public:
  ZipInput(Loop& loop, AsyncGenerator<T> stream, Event& changed)
      : source_(loop, std::move(stream), changed) {}

  Poll poll() {
    if (item_) return Poll::item;
    const Poll status = source_.poll();
    if (status == Poll::pending) return status;
    item_ = source_.item();
    return item_ ? Poll::item : Poll::done;
  }
  T&& take() {
    Next<T> taken = std::exchange(item_, Next<T>(nullptr));
    return static_cast<T&&>(*taken);
  }

 private:
  Upstream<T> source_;
  Next<T> item_{nullptr};
};

/// Whether all have an item, one has ended, or else one is waited for.
template <class... Ts>
Poll poll_all(std::tuple<ZipInput<Ts>...>& inputs) {
  Poll all = Poll::item;
  const auto poll = [&all](auto& input) {
    const Poll status = input.poll();
    if (status != Poll::item) all = status;
    return status != Poll::done;
  };
  std::apply([&poll](auto&... input) { static_cast<void>((poll(input) && ...)); }, inputs);
  return all;
}

template <class Function, class... Ts>
struct Zipped {
  using Result = std::invoke_result_t<Function&, Ts&&...>;
  /// A reference into an item, or to something that lives longer, is passed on as one.
  using Output = std::conditional_t<std::is_lvalue_reference_v<Result>, Result, std::remove_cvref_t<Result>>;
  using Stream = AsyncGenerator<Output>;
};

template <class Function, class... Ts>
typename Zipped<Function, Ts...>::Stream zip_all(Function function,
                                                 std::tuple<AsyncGenerator<Ts>...> streams) {
  using Result = typename Zipped<Function, Ts...>::Result;
  Loop& loop = co_await this_loop();
  Event changed;
  const auto pulled = [&loop, &changed](auto&... stream) {
    return std::tuple<ZipInput<Ts>...>(ZipInput<Ts>(loop, std::move(stream), changed)...);
  };
  std::tuple<ZipInput<Ts>...> inputs = std::apply(pulled, streams);
  const auto combine = [&function](auto&... input) -> Result {
    return std::invoke(function, input.take()...);
  };
  for (;;) {
    const Poll status = poll_all(inputs);
    if (status == Poll::done) co_return;
    if (status == Poll::pending) {
      co_await changed.wait();
      continue;
    }
    co_yield std::apply(combine, inputs);
  }
}

}  // namespace detail

/// Gives `function(left item, right item, ...)` of the first items of all streams, then of the second, and so
/// on.
///
/// Ends with the first stream that ends; of the others at most one item more has been taken, which is gone.
/// All are asked at once, so that a round takes as long as the slowest. `function` gets the items as rvalues
/// (of an `AsyncGenerator<T&>`: as `T&`) and must not be a coroutine. Owns `function` and the streams. When
/// one throws, the others are cancelled and the exception passes on. Destroying it cancels all.
///
///     auto sums = zip_with(std::plus<>(), left(), right());
template <class Function, class First, class Second, class... Rest>
auto zip_with(Function function, First first, Second second, Rest... rest) {
  using Streams = std::tuple<AsyncGenerator<detail::ItemOf<First>>, AsyncGenerator<detail::ItemOf<Second>>,
                             AsyncGenerator<detail::ItemOf<Rest>>...>;
  return detail::zip_all(std::move(function),
                         Streams(std::move(first), std::move(second), std::move(rest)...));
}

/// The same, with the items in a tuple: `auto& [left, right] = *pair;`
///
/// The items are moved into the tuple (of an `AsyncGenerator<T&>` they stay references); borrowed ones stay
/// borrowed.
///
///     auto paced = zip(lines(), ticks(100ms));       // a line with each tick
template <class First, class Second, class... Rest>
auto zip(First first, Second second, Rest... rest) {
  using Items = std::tuple<detail::ItemOf<First>, detail::ItemOf<Second>, detail::ItemOf<Rest>...>;
  return zip_with([]<class... Item>(Item&&... item) { return Items(std::forward<Item>(item)...); },
                  std::move(first), std::move(second), std::move(rest)...);
}

}  // namespace coyield::generators
