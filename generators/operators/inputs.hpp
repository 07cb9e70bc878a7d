#pragma once

#include <cassert>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/event.hpp>
#include <utility>
#include <vector>

namespace coyield::generators::detail {

/// Up to so many generators that are pulled at once, each at most one item ahead: what `merge` and `flat_map`
/// run. Those that have something to say stand in a queue, in the order in which it came. `changed` is set
/// when one has that had to wait.
template <class T>
class Inputs {
 public:
  Inputs(Loop& loop, std::size_t most, Event& changed)
      : loop_(loop), changed_(changed), inputs_(most), queue_(most) {
    free_.reserve(most);
    for (std::size_t left = most; left > 0; --left) free_.push_back(&inputs_[left - 1]);
  }
  Inputs(const Inputs&) = delete;
  Inputs& operator=(const Inputs&) = delete;

  bool has_room() const noexcept { return !free_.empty(); }
  bool all_ended() const noexcept { return free_.size() == inputs_.size(); }
  /// There must be room.
  void add(AsyncGenerator<T> stream) {
    assert(has_room());
    Input& input = *free_.back();
    free_.pop_back();
    input.inputs = this;
    input.consumer = Consumer<T>(loop_, std::move(stream));
    pull(input);
  }

  bool anything() const noexcept { return count_ != 0; }
  /// The item of the first in the queue: nothing when none has come, or when that input has ended.
  Next<T> front() {
    if (count_ == 0) return Next<T>(nullptr);
    auto item = queue_[head_]->consumer.item();
    if (!item) {
      Input& ended = pop();
      ended.consumer.reset();
      free_.push_back(&ended);
    }
    return item;
  }
  /// The first in the queue is asked for its next item: what `front` gave is gone.
  void advance() { pull(pop()); }

 private:
  struct Input {
    Consumer<T> consumer;
    Inputs* inputs = nullptr;
  };

  void pull(Input& input) {
    if (input.consumer.poll() == Poll::pending) {
      input.consumer.on_ready(&on_ready, &input);
    } else {
      push(input);
    }
  }
  static void on_ready(void* argument, bool dropped) {
    if (dropped) return;  // the loop is going away, and drops the operator too
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

  Loop& loop_;
  Event& changed_;
  std::vector<Input> inputs_;
  std::vector<Input*> free_;
  std::vector<Input*> queue_;
  std::size_t head_ = 0;
  std::size_t count_ = 0;
};

}  // namespace coyield::generators::detail
