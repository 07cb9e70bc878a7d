#pragma once

#include <array>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <optional>
#include <tuple>

namespace coyield::generators {

namespace detail {

/// One of the streams, and its newest item.
template <class T>
class LatestInput {
 public:
  using Value = typename AsyncGenerator<T>::value_type;

  LatestInput(Loop& loop, AsyncGenerator<T> stream, Event& changed)
      : source_(loop, std::move(stream), changed) {}

  bool ended() const noexcept { return ended_; }
  bool has_item() const noexcept { return newest_.has_value(); }
  Value copy() const { return keep(std::as_const(*newest_)); }
  /// Takes one item, if one is ready.
  Poll take() {
    if (ended_) return Poll::done;
    const Poll status = source_.poll();
    if (status == Poll::pending) return status;
    auto item = source_.item();
    if (item) {
      newest_.emplace(keep(static_cast<T&&>(*item)));
    } else {
      ended_ = true;
      source_.close();
    }
    return status;
  }

 private:
  Upstream<T> source_;
  std::optional<Value> newest_;
  bool ended_ = false;
};

template <class... Ts>
class LatestInputs {
 public:
  using Items = std::tuple<typename AsyncGenerator<Ts>::value_type...>;

  LatestInputs(Loop& loop, std::tuple<AsyncGenerator<Ts>...> streams, Event& changed)
      : inputs_(std::apply(
            [&](auto&... stream) {
              return std::tuple<LatestInput<Ts>...>(LatestInput<Ts>(loop, std::move(stream), changed)...);
            },
            streams)) {}

  /// Takes one item of the next in turn that has one; false if none has.
  bool take() {
    for (std::size_t tried = 0; tried < sizeof...(Ts); ++tried) {
      const auto take_one = takers[std::exchange(next_, (next_ + 1) % sizeof...(Ts))];
      if ((this->*take_one)() == Poll::item) return true;
    }
    return false;
  }
  /// Nothing more will come: all have ended, or one that has given nothing.
  bool over() const {
    return std::apply(
        [](const auto&... input) {
          return (input.ended() && ...) || ((input.ended() && !input.has_item()) || ...);
        },
        inputs_);
  }
  bool complete() const {
    return std::apply([](const auto&... input) { return (input.has_item() && ...); }, inputs_);
  }
  Items items() const {
    return std::apply([](const auto&... input) { return Items(input.copy()...); }, inputs_);
  }

 private:
  template <std::size_t Index>
  Poll take_of() {
    return std::get<Index>(inputs_).take();
  }
  using Taker = Poll (LatestInputs::*)();
  static constexpr std::array<Taker, sizeof...(Ts)> takers =
      []<std::size_t... Index>(std::index_sequence<Index...>) {
        return std::array<Taker, sizeof...(Ts)>{&LatestInputs::take_of<Index>...};
      }(std::index_sequence_for<Ts...>());

  std::tuple<LatestInput<Ts>...> inputs_;
  std::size_t next_ = 0;
};

template <class... Ts>
AsyncGenerator<typename LatestInputs<Ts...>::Items> combine_all(std::tuple<AsyncGenerator<Ts>...> streams) {
  Loop& loop = co_await this_loop();
  Event changed;
  LatestInputs<Ts...> inputs(loop, std::move(streams), changed);
  unsigned taken = 0;
  for (;;) {
    const bool came = inputs.take();
    if (inputs.over()) co_return;
    if (!came) {
      co_await changed.wait();
    } else if (inputs.complete()) {
      taken = 0;
      co_yield inputs.items();
    } else if (++taken % items_per_look == 0) {
      co_await yield_now();
    }
  }
}

}  // namespace detail

/// Gives the newest items of all streams, as a tuple of copies, whenever one of them gives one.
///
/// Begins when each has given one; what an impatient one gave before its last by then is forgotten. Streams
/// that are always ready take turns. Ends when all have ended, or as soon as one ends that has given nothing.
/// The items must be copyable (`keep`). Owns the streams, and their newest items. When one throws, the others
/// are cancelled and the exception passes on. Destroying it cancels all. While the consumer is busy none is
/// asked for anything.
///
///     auto totals = combine_latest(prices(), amounts()) |
///                   map([](const auto& both) { return std::get<0>(both) * std::get<1>(both); });
template <class First, class Second, class... Rest>
auto combine_latest(First first, Second second, Rest... rest) {
  using Streams = std::tuple<AsyncGenerator<detail::ItemOf<First>>, AsyncGenerator<detail::ItemOf<Second>>,
                             AsyncGenerator<detail::ItemOf<Rest>>...>;
  return detail::combine_all(Streams(std::move(first), std::move(second), std::move(rest)...));
}

}  // namespace coyield::generators
