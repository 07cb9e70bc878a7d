#pragma once

#include <cassert>
#include <coyield/generators/operators/backlog.hpp>
#include <coyield/generators/operators/compose.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <exception>

namespace coyield::generators {

namespace detail {

/// Pulls an upstream ahead of the consumer: as soon as it has something, and bit by bit from the loop where
/// it always has.
template <class T>
class Prefetch final : public Wakeup {
 public:
  Prefetch(Loop& loop, AsyncGenerator<T> upstream, Backlog<T> room, Event& changed)
      : loop_(loop), consumer_(loop, std::move(upstream)), backlog_(std::move(room)), changed_(changed) {}
  ~Prefetch() = default;

  Backlog<T>& backlog() noexcept { return backlog_; }
  /// The upstream has ended or failed; the backlog may have something left.
  bool ended() const noexcept { return ended_; }
  void rethrow_failure() const {
    if (failed_) std::rethrow_exception(failed_);
  }

  /// Takes up to `most` items that are ready. What is ready beyond them is left for `go_on`.
  void take(unsigned most) {
    for (unsigned taken = 0; taken < most && wants(); ++taken) take_one();
  }
  /// Goes on taking when the loop comes to it.
  void go_on() {
    if (wants() && !scheduled()) loop_.soon(*this);
  }

 private:
  bool wants() const noexcept { return !ended_ && !waiting_ && !backlog_.full(); }
  void take_one() {
    if (consumer_.poll() == Poll::pending) {
      waiting_ = true;
      consumer_.on_ready(&on_ready, this);
      return;
    }
    try {
      auto item = consumer_.item();
      ended_ = !item;
      if (item) backlog_.push(*item);
    } catch (...) {
      failed_ = std::current_exception();  // what came before it is given before it
      ended_ = true;
    }
    if (ended_) consumer_.reset();
  }
  void woken() override {
    take(items_per_look);
    go_on();
  }
  // A loop that is being destroyed drops the operator too: nobody is left to be told.
  static void on_ready(void* argument, bool dropped) {
    if (dropped) return;
    auto& self = *static_cast<Prefetch*>(argument);
    self.waiting_ = false;
    self.woken();
    self.changed_.set();
  }

  Loop& loop_;
  Consumer<T> consumer_;
  Backlog<T> backlog_;
  Event& changed_;
  std::exception_ptr failed_;
  bool waiting_ = false;
  bool ended_ = false;
};

}  // namespace detail

/// Runs ahead of its consumer: pulls up to `max_items` items, or `max_bytes` bytes of them, while the
/// consumer is busy or waits for something else.
///
/// Order and items stay the same. Nothing is asked for before the consumer has asked for its first item,
/// which it gets as soon as it is there. Bytes are counted by `memory_of`; with the last item they may be
/// exceeded. `max_items` must be positive. Ends when the upstream ends, and throws what the upstream throws,
/// once what came before has been taken. Owns the upstream. Destroying it cancels the upstream, and what was
/// pulled ahead is gone. It pulls from the loop of its consumer; others on it get their turn.
///
///     auto pages = fetch_pages() | buffer(4);       // fetches while a page is being sent
template <class T>
AsyncGenerator<typename AsyncGenerator<T>::value_type> buffer(AsyncGenerator<T> upstream,
                                                              std::size_t max_items,
                                                              std::size_t max_bytes = any_size) {
  assert(max_items > 0 && max_bytes > 0);
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Prefetch<T> ahead(loop, std::move(upstream), detail::Backlog<T>(max_items, max_bytes), changed);
  for (;;) {
    if (ahead.backlog().empty()) ahead.take(1);
    ahead.go_on();
    if (!ahead.backlog().empty()) {
      co_yield std::move(ahead.backlog().front());
      ahead.backlog().pop();
    } else if (ahead.ended()) {
      break;
    } else {
      co_await changed.wait();
    }
  }
  ahead.rethrow_failure();
}

inline auto buffer(std::size_t max_items, std::size_t max_bytes = any_size) {
  return Pipe([max_items, max_bytes]<class T>(AsyncGenerator<T>&& upstream) {
    return buffer(std::move(upstream), max_items, max_bytes);
  });
}

}  // namespace coyield::generators
