#pragma once

#include <concepts>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/sleep.hpp>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

/// How generators and operators are put together with `|`.
///
///     AsyncGenerator<int> odd_squares = counter(10) | map(square) | filter(odd) | take(3);
///     auto pipeline = map(square) | filter(odd);     // an operator too, to be used once or often
///     auto squares = counter(10) | pipeline;
///
/// There are two kinds of operators. A *stage* makes at most one item of one, without waiting (`map`,
/// `filter`, `take`): adjacent stages become one coroutine, so that each costs about as much as a function
/// call, and an item goes from stage to stage by address. The others (`throttle`, `merge`) wait, and are
/// coroutines of their own.
///
/// A stage for items of `In` is a class with
///   * `Output`: what comes out, as the `T` of an AsyncGenerator;
///   * `step(item, last)`: the address of what comes out, or null. `last = true` says that there will be no
///   more.
///     What comes out is valid until `clear()`, which is called before the next item is asked for;
///   * `ended()`: no item is wanted at all; `may_drop`: it may give null.
/// `|` fuses by taking the coroutine of the stages so far apart, and making one of them all; nothing has run
/// yet, and where something has, the stages keep their state.
namespace coyield::generators {

/// Base of whatever may stand on the right of `|`: it has `apply(generator)`.
struct PipelinePart {};

template <class Part>
concept IsPipelinePart = std::derived_from<std::remove_cvref_t<Part>, PipelinePart>;

namespace detail {

/// What most stages are: they take an item for an item, and keep nothing of it.
struct StageDefaults {
  static constexpr bool may_drop = false;
  bool ended() const noexcept { return false; }
  void clear() const noexcept {}
};

/// Where a stage keeps what it made until the next step. Made in place: nothing is moved.
template <class U>
class Slot {
 public:
  Slot() noexcept = default;
  Slot(Slot&&) noexcept {}  // what it held belongs to a step that is over
  Slot& operator=(Slot&&) = delete;
  ~Slot() { clear(); }

  template <class Make>
  U* fill(Make&& make) {
    clear();
    U* made = ::new (static_cast<void*>(memory_)) U(std::forward<Make>(make)());
    if constexpr (!std::is_trivially_destructible_v<U>) held_ = made;
    return made;
  }
  void clear() noexcept {
    if constexpr (!std::is_trivially_destructible_v<U>) {
      if (held_ != nullptr) std::exchange(held_, nullptr)->~U();
    }
  }

 private:
  struct Nothing {};
  alignas(U) std::byte memory_[sizeof(U)];
  [[no_unique_address]] std::conditional_t<std::is_trivially_destructible_v<U>, Nothing, U*> held_{};
};

template <class U>
struct Slot<U&> {
  template <class Make>
  U* fill(Make&& make) {
    return std::addressof(std::forward<Make>(make)());
  }
  void clear() const noexcept {}
};

/// Two stages as one.
template <class First, class Second>
class Joined {
 public:
  using Output = typename Second::Output;
  static constexpr bool may_drop = First::may_drop || Second::may_drop;

  Joined(First first, Second second) : first_(std::move(first)), second_(std::move(second)) {}

  bool ended() const noexcept { return first_.ended() || second_.ended(); }
  template <class Item>
  auto* step(Item& item, bool& last) {
    auto* between = first_.step(item, last);
    using Result = decltype(second_.step(*between, last));
    if constexpr (First::may_drop) {
      if (between == nullptr) return static_cast<Result>(nullptr);
    }
    return second_.step(*between, last);
  }
  void clear() noexcept {
    first_.clear();
    second_.clear();
  }

 private:
  First first_;
  Second second_;
};

/// How many items may be dropped in a row before the others on the thread get their turn.
inline constexpr unsigned drops_per_turn = 1024;

}  // namespace detail

/// A generator with stages behind it, in one coroutine: what `generator | stage` gives. It is an
/// `AsyncGenerator` of what comes out, and can be kept, passed on and pulled as one.
template <class In, class Stages>
class [[nodiscard]] Fused : public AsyncGenerator<typename Stages::Output> {
 public:
  using Out = typename Stages::Output;

  Fused() noexcept = default;

  static Fused make(AsyncGenerator<In> upstream, Stages stages) {
    Parts* parts = nullptr;
    AsyncGenerator<Out> generator = drive(Parts(std::move(upstream), std::move(stages), parts));
    return Fused(std::move(generator), parts);
  }

  /// One more stage, in the same coroutine.
  template <class Stage>
  auto then(Stage stage) && {
    using Longer = Fused<In, detail::Joined<Stages, Stage>>;
    auto frame = this->release();
    if (!frame) return Longer();
    AsyncGenerator<In> upstream = parts_->last ? AsyncGenerator<In>() : std::move(parts_->upstream);
    Stages stages = std::move(parts_->stages);
    frame.destroy();
    return Longer::make(std::move(upstream),
                        detail::Joined<Stages, Stage>(std::move(stages), std::move(stage)));
  }

 private:
  /// The parameter of the coroutine, which tells where in the frame it stands.
  struct Parts {
    Parts(AsyncGenerator<In> from, Stages through, Parts*& place)
        : upstream(std::move(from)), stages(std::move(through)), last(stages.ended()), where(&place) {}
    Parts(Parts&& other) noexcept
        : upstream(std::move(other.upstream)),
          stages(std::move(other.stages)),
          last(other.last),
          where(other.where) {
      *where = this;
    }
    AsyncGenerator<In> upstream;
    Stages stages;
    bool last;
    Parts** where;  // used while the coroutine is made only
  };

  Fused(AsyncGenerator<Out> generator, Parts* parts) noexcept
      : AsyncGenerator<Out>(std::move(generator)), parts_(parts) {}

  static AsyncGenerator<Out> drive(Parts parts) {
    [[maybe_unused]] unsigned dropped = 0;
    while (!parts.last) {
      auto item = co_await parts.upstream.next();
      if (!item) break;
      auto* made = parts.stages.step(*item, parts.last);
      if constexpr (Stages::may_drop) {
        if (made == nullptr) {
          parts.stages.clear();
          if (++dropped == detail::drops_per_turn) [[unlikely]] {
            dropped = 0;
            co_await yield_now();
          }
          continue;
        }
        dropped = 0;
      }
      co_yield static_cast<Out&&>(*made);
      parts.stages.clear();
    }
  }

  Parts* parts_ = nullptr;
};

/// A stage before it knows its items: `Kind<In, Args...>` is made of the arguments.
template <template <class, class...> class Kind, class... Args>
class Stage : public PipelinePart {
 public:
  explicit Stage(Args... args) : args_(std::move(args)...) {}

  template <class T>
  auto apply(AsyncGenerator<T>&& upstream) && {
    return Fused<T, Kind<T, Args...>>::make(std::move(upstream), std::move(*this).template bind<T>());
  }
  template <class In, class Stages>
  auto apply(Fused<In, Stages>&& upstream) && {
    return std::move(upstream).then(std::move(*this).template bind<typename Stages::Output>());
  }

 private:
  template <class T>
  Kind<T, Args...> bind() && {
    return std::make_from_tuple<Kind<T, Args...>>(std::move(args_));
  }

  std::tuple<Args...> args_;
};

/// An operator that is a coroutine of its own: `function(generator)` makes it.
template <class Function>
class Pipe : public PipelinePart {
 public:
  explicit Pipe(Function function) : function_(std::move(function)) {}

  template <class T>
  auto apply(AsyncGenerator<T>&& upstream) && {
    return std::move(function_)(std::move(upstream));
  }

 private:
  Function function_;
};

/// Several operators, without a generator yet.
template <class First, class Second>
class Composed : public PipelinePart {
 public:
  Composed(First first, Second second) : first_(std::move(first)), second_(std::move(second)) {}

  template <class Generator>
  auto apply(Generator&& upstream) && {
    return std::move(second_).apply(std::move(first_).apply(std::forward<Generator>(upstream)));
  }

 private:
  First first_;
  Second second_;
};

template <class T, IsPipelinePart Part>
auto operator|(AsyncGenerator<T>&& upstream, Part&& part) {
  return std::remove_cvref_t<Part>(std::forward<Part>(part)).apply(std::move(upstream));
}
template <class In, class Stages, IsPipelinePart Part>
auto operator|(Fused<In, Stages>&& upstream, Part&& part) {
  return std::remove_cvref_t<Part>(std::forward<Part>(part)).apply(std::move(upstream));
}
template <IsPipelinePart First, IsPipelinePart Second>
auto operator|(First&& first, Second&& second) {
  using Both = Composed<std::remove_cvref_t<First>, std::remove_cvref_t<Second>>;
  return Both(std::forward<First>(first), std::forward<Second>(second));
}

}  // namespace coyield::generators
