#pragma once

#include <boost/asio/post.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/operators/backlog.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <coyield/generators/sleep.hpp>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace coyield::generators {

/// How far a generator on another thread may be ahead of its consumer: whichever comes first. With the last
/// item the bytes may be exceeded.
struct RelayLimits {
  std::size_t items = 256;
  std::size_t bytes = 256 * 1024;
};

namespace detail {

// The two ends of a relay know each other by weak pointers alone, and talk by handlers that are posted: each
// is touched, and destroyed, on its own thread. An end that goes with its loop cannot be locked any more, so
// that nothing is posted to a loop that is gone.

/// What goes from there to here: items in a row, and behind them maybe the end.
template <class Value>
struct RelayBatch {
  std::vector<Value> items = {};
  bool ended = false;
  std::exception_ptr failure = nullptr;
};

/// The end at the consumer.
template <class Value>
class RelayReceiver {
 public:
  void arrive(RelayBatch<Value>&& batch) {
    for (Value& item : batch.items) items_.push_back(std::move(item));
    ended_ = batch.ended;
    failure_ = std::move(batch.failure);
    news_.set();
  }

  Event& news() noexcept { return news_; }
  bool empty() const noexcept { return items_.empty(); }
  Value& front() noexcept { return items_.front(); }
  void pop() noexcept { items_.pop_front(); }
  /// There is nothing but what has arrived.
  bool ended() const noexcept { return ended_; }
  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::deque<Value> items_;
  Event news_;
  bool ended_ = false;
  std::exception_ptr failure_;
};

/// The end at the generator, which it pulls on the thread of the generator. It owns itself from `start` on,
/// until the generator is over, nobody is there to give the items to, or the loop is going away.
template <class T>
class RelaySender final : public Wakeup, public std::enable_shared_from_this<RelaySender<T>> {
 public:
  using Value = typename AsyncGenerator<T>::value_type;
  using Receiver = RelayReceiver<Value>;

  RelaySender(const Executor& here, std::weak_ptr<Receiver> receiver, RelayLimits limits)
      : here_(here), receiver_(std::move(receiver)), limits_(limits) {}
  ~RelaySender() = default;

  void start(const Executor& on, const std::function<AsyncGenerator<T>()>& make) {
    loop_ = &Loop::of(on);
    self_ = this->shared_from_this();
    try {
      consumer_ = Consumer<T>(*loop_, make());
    } catch (...) {
      return send({.ended = true, .failure = std::current_exception()});
    }
    take_some();
  }
  /// The consumer is done with so much of it.
  void acknowledge(std::size_t items, std::size_t bytes) {
    items_ -= items;
    bytes_ -= bytes;
    if (self_ && !waiting_) take_some();
  }
  /// Nobody wants any more.
  void stop() noexcept {
    cancel();
    consumer_.reset();
    self_.reset();
  }

 private:
  static constexpr std::size_t items_per_turn = 64;

  bool full() const noexcept { return items_ >= limits_.items || bytes_ >= limits_.bytes; }

  void take_some() {
    const auto kept = self_;
    RelayBatch<Value> batch;
    while (!full() && batch.items.size() < items_per_turn && take_one(batch)) {
    }
    const bool more = !full() && !waiting_ && !batch.ended;
    // One that waits for the consumer must be in the loop too, or it would not learn of its end.
    if (more) {
      loop_->soon(*this);
    } else {
      loop_->park(*this);
    }
    if (!batch.items.empty() || batch.ended) send(std::move(batch));
  }
  /// False: there is nothing more to take now.
  bool take_one(RelayBatch<Value>& batch) {
    if (consumer_.poll() == Poll::pending) {
      waiting_ = true;
      consumer_.on_ready(&on_ready, this);
      return false;
    }
    try {
      if (auto item = consumer_.item()) {
        batch.items.push_back(keep(static_cast<T&&>(*item)));
        ++items_;
        bytes_ += memory_of(batch.items.back());
        return true;
      }
    } catch (...) {
      batch.failure = std::current_exception();
    }
    batch.ended = true;
    return false;
  }
  void send(RelayBatch<Value>&& batch) {
    const bool over = batch.ended;
    if (!receiver_.expired()) {
      asio::post(here_, [receiver = receiver_, sent = std::move(batch)]() mutable {
        if (const auto present = receiver.lock()) present->arrive(std::move(sent));
      });
    }
    if (over) stop();
  }
  static void on_ready(void* sender, bool dropped) {
    if (dropped) return;  // so are we, by the loop
    auto& self = *static_cast<RelaySender*>(sender);
    self.waiting_ = false;
    self.take_some();
  }
  void woken() override { take_some(); }
  void dropped() noexcept override { self_.reset(); }

  const Executor here_;
  const std::weak_ptr<Receiver> receiver_;
  const RelayLimits limits_;
  Loop* loop_ = nullptr;
  std::shared_ptr<RelaySender> self_;
  Consumer<T> consumer_;
  std::size_t items_ = 0;  // sent and not acknowledged
  std::size_t bytes_ = 0;
  bool waiting_ = false;  // for the generator
};

/// What is said to the sender, from the thread of the consumer.
template <class T>
class RelayLink {
 public:
  using Sender = RelaySender<T>;

  RelayLink(const Executor& here, const Executor& there, RelayLimits limits)
      : receiver(std::make_shared<typename Sender::Receiver>()), there_(there), limits_(limits) {
    started_ = std::make_shared<Sender>(here, receiver, limits);
    sender_ = started_;
  }
  ~RelayLink() {
    tell([](Sender& sender) { sender.stop(); });
  }
  RelayLink(const RelayLink&) = delete;
  RelayLink& operator=(const RelayLink&) = delete;

  void start(std::function<AsyncGenerator<T>()> make) {
    asio::post(there_, [sender = std::move(started_), on = there_, made_by = std::move(make)] {
      sender->start(on, made_by);
    });
  }
  /// An item has been used up. Said to the sender when it is half of what may be under way.
  void used(std::size_t bytes) {
    ++items_;
    bytes_ += bytes;
    if (items_ < (limits_.items + 1) / 2 && bytes_ < (limits_.bytes + 1) / 2) return;
    tell([items = std::exchange(items_, 0), of = std::exchange(bytes_, 0)](Sender& sender) {
      sender.acknowledge(items, of);
    });
  }

  const std::shared_ptr<typename Sender::Receiver> receiver;

 private:
  template <class Say>
  void tell(Say say) {
    if (sender_.expired()) return;
    asio::post(there_, [sender = sender_, said = std::move(say)] {
      if (const auto present = sender.lock()) said(*present);
    });
  }

  const Executor there_;
  const RelayLimits limits_;
  std::shared_ptr<Sender> started_;  // until it is there
  std::weak_ptr<Sender> sender_;
  std::size_t items_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace detail

/// Runs a generator on another thread, and gives its items here.
///
/// `make` is called there, once, and what it makes runs there, up to `limits` ahead of the consumer, from the
/// first `next()` here on. Items cross in batches, kept with `keep`; they must not refer to what only the
/// other thread may touch. Ends when the generator does, and throws what it or `make` throws, behind the
/// items in front of it. Destroying it destroys the generator on its own thread, soon.
///
/// `there` must have a thread that runs it, and not be destroyed while another thread uses this. Where both
/// have come to rest, either loop may be destroyed first.
///
///     auto elsewhere = relay<Item>(other.get_executor(), [hub] { return hub->subscribe(); });
template <class T>
AsyncGenerator<typename AsyncGenerator<T>::value_type> relay(Executor there,
                                                             std::function<AsyncGenerator<T>()> make,
                                                             RelayLimits limits = {}) {
  Loop& loop = co_await this_loop();
  detail::RelayLink<T> link(loop.executor(), there, limits);
  link.start(std::move(make));
  auto& receiver = *link.receiver;
  for (;;) {
    if (!receiver.empty()) {
      const std::size_t bytes = memory_of(receiver.front());
      co_yield std::move(receiver.front());
      receiver.pop();
      link.used(bytes);
    } else if (receiver.ended()) {
      break;
    } else {
      co_await receiver.news().wait();
    }
  }
  receiver.rethrow_failure();
}

}  // namespace coyield::generators
