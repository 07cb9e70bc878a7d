#pragma once

#include <coyield/generators/consumer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <coyield/generators/sleep.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace coyield::generators {

namespace detail {

/// The inputs of a merge. Those that have something to say stand in a queue, in the order in which it came.
template <class T>
class MergeInputs {
 public:
  MergeInputs(Loop& loop, std::vector<AsyncGenerator<T>> streams)
      : queue_(streams.size()), live_(streams.size()) {
    inputs_.reserve(streams.size());
    for (AsyncGenerator<T>& stream : streams)
      inputs_.push_back(Input{Consumer<T>(loop, std::move(stream)), this});
    for (Input& input : inputs_) pull(input);
  }
  MergeInputs(const MergeInputs&) = delete;
  MergeInputs& operator=(const MergeInputs&) = delete;

  bool all_ended() const noexcept { return live_ == 0; }
  Event& changed() noexcept { return changed_; }

  /// The item of the first in the queue: nothing when none has come, or when that input has ended.
  Next<T> front() {
    if (count_ == 0) return Next<T>(nullptr);
    auto item = queue_[head_]->consumer.item();
    if (!item) {
      pop().consumer.reset();
      --live_;
    }
    return item;
  }
  /// The first in the queue is asked for its next item: what `front` gave is gone.
  void advance() { pull(pop()); }
  bool anything() const noexcept { return count_ != 0; }

 private:
  struct Input {
    Consumer<T> consumer;
    MergeInputs* inputs;
  };

  void pull(Input& input) {
    if (input.consumer.poll() == Poll::pending) {
      input.consumer.on_ready(&on_ready, &input);
    } else {
      push(input);
    }
  }
  static void on_ready(void* argument, bool dropped) {
    if (dropped) return;  // the loop is going away, and drops the merge too
    Input& input = *static_cast<Input*>(argument);
    input.consumer.poll();  // takes note of what has come: it stays until it is polled again
    input.inputs->push(input);
    input.inputs->changed_.set();
  }
  // Each input stands in the queue once at most: a ring of their number is enough.
  void push(Input& input) noexcept { queue_[(head_ + count_++) % queue_.size()] = &input; }
  Input& pop() noexcept {
    --count_;
    return *queue_[std::exchange(head_, (head_ + 1) % queue_.size())];
  }

  Event changed_;
  std::vector<Input> inputs_;
  std::vector<Input*> queue_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
  std::size_t live_;
};

}  // namespace detail

/// Gives the items of all `streams` in the order in which they come.
///
/// All run at once, each at most one item ahead of the consumer; those that are always ready take turns. Ends
/// when all have ended. When one throws, the others are cancelled and the exception passes on. Owns the
/// streams: each is destroyed when it ends. Destroying the merge cancels all.
///
///     auto both = merge(left(), right());
template <class T>
AsyncGenerator<T> merge(std::vector<AsyncGenerator<T>> streams) {
  Loop& loop = co_await this_loop();
  detail::MergeInputs<T> inputs(loop, std::move(streams));
  while (!inputs.all_ended()) {
    if (!inputs.anything()) {
      co_await inputs.changed().wait();
      continue;
    }
    auto item = inputs.front();
    if (!item) continue;
    co_yield static_cast<T&&>(*item);
    inputs.advance();
  }
}

template <class First, class... Rest>
auto merge(First first, Rest... rest) -> AsyncGenerator<detail::ItemOf<First>> {
  return merge(detail::in_a_vector(std::move(first), std::move(rest)...));
}

}  // namespace coyield::generators
