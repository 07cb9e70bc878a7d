#pragma once

#include <chrono>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <cstddef>
#include <exception>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

namespace coyield::testing {

/// An item, and when it came, by the clock of the loop.
template <class T>
struct Stamped {
  std::chrono::nanoseconds at;
  T item;

  bool operator==(const Stamped&) const = default;
};

/// What a generator has given so far: a consumer that takes each item as soon as it is there.
///
/// It begins to pull when it is made, and goes on whenever the loop runs (`TestLoop::run_ready`, `advance`),
/// until the generator ends or `limit` items have come; `take` raises the limit, and so plays the slow
/// consumer. Items are kept with `keep`. Destroying it, or `drop`, destroys the generator. It must not
/// outlive a user of its loop: the `TestLoop` may go first, the generator is then at its end.
///
///     TestLoop loop;
///     auto seen = loop.collect(ticks(100ms));
///     loop.advance(250ms);
///     EXPECT_EQ(seen.items(), (std::vector{1, 2}));
template <class T>
class Collection {
 public:
  using Value = typename generators::AsyncGenerator<T>::value_type;
  static constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

  Collection(generators::Loop& loop, generators::AsyncGenerator<T> generator, std::size_t limit = no_limit)
      : state_(std::make_unique<State>(loop, std::move(generator), limit)) {
    state_->drain();
  }

  const std::vector<Stamped<Value>>& stamped() const noexcept { return state_->seen; }
  std::size_t size() const noexcept { return state_->seen.size(); }
  /// Copies of the items alone, and of the times alone.
  std::vector<Value> items() const& {
    std::vector<Value> items;
    for (const auto& seen : state_->seen) items.push_back(seen.item);
    return items;
  }
  /// The items themselves, for those that cannot be copied: `std::move(collection).items()`.
  std::vector<Value> items() && {
    std::vector<Value> items;
    for (auto& seen : state_->seen) items.push_back(std::move(seen.item));
    return items;
  }
  std::vector<std::chrono::nanoseconds> times() const {
    std::vector<std::chrono::nanoseconds> times;
    for (const auto& seen : state_->seen) times.push_back(seen.at);
    return times;
  }

  /// The generator has returned or thrown.
  bool ended() const noexcept { return state_->ended; }
  /// What it threw, or null.
  std::exception_ptr failure() const noexcept { return state_->failure; }
  void rethrow_failure() const {
    if (state_->failure) std::rethrow_exception(state_->failure);
  }

  /// Takes up to `more` items beyond those that it has.
  void take(std::size_t more = 1) {
    state_->limit = state_->seen.size() + more;
    state_->drain();
  }
  /// What the generator waits for ends with `operation_aborted`.
  void cancel() { state_->consumer.cancel(); }
  /// Destroys the generator, wherever it stands.
  void drop() noexcept { state_->consumer.reset(); }

 private:
  struct State {
    State(generators::Loop& on, generators::AsyncGenerator<T> generator, std::size_t most)
        : loop(on), consumer(on, std::move(generator)), limit(most) {}

    void drain() {
      while (!ended && consumer && seen.size() < limit) {
        if (consumer.poll() == generators::Poll::pending) {
          consumer.on_ready(&on_ready, this);
          return;
        }
        take_one();
      }
    }
    void take_one() {
      using generators::keep;
      try {
        if (auto item = consumer.item()) {
          seen.push_back({loop.now(), keep(static_cast<T&&>(*item))});
          return;
        }
      } catch (...) {
        failure = std::current_exception();
      }
      ended = true;
    }
    static void on_ready(void* state, bool dropped) {
      if (!dropped) static_cast<State*>(state)->drain();
    }

    generators::Loop& loop;
    generators::Consumer<T> consumer;
    std::size_t limit;
    std::vector<Stamped<Value>> seen;
    std::exception_ptr failure;
    bool ended = false;
  };

  std::unique_ptr<State> state_;
};

}  // namespace coyield::testing
