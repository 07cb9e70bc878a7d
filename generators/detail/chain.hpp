#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <cassert>
#include <coroutine>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/poll.hpp>

namespace coyield::generators::detail {

/// What a generator or task throws out of the await in which it was cancelled.
[[noreturn]] inline void throw_cancelled() {
  throw boost::system::system_error(asio::error::operation_aborted);
}

class Chain;

/// A wait of our own (for a time, an event) at which a chain stands still: an awaiter in a frame.
///
/// Unlike an Asio operation it holds no reference to the frame that would outlive it, so a chain that stands
/// at one can be destroyed on the spot. At most one per chain at a time.
class Wait : public Wakeup {
 public:
  explicit Wait(Chain& chain, Awaited kind = Awaited::event) noexcept : chain_(chain), kind_(kind) {}

  Awaited kind() const noexcept { return kind_; }

  /// Wakes the coroutine with `operation_aborted`, soon.
  void abort();

 protected:
  ~Wait();
  void park(std::coroutine_handle<> waiter) noexcept;
  /// To be called by `await_resume`.
  void throw_if_aborted() const {
    if (aborted_) [[unlikely]]
      throw_cancelled();
  }
  Chain& chain() const noexcept { return chain_; }

 private:
  void woken() override;
  void dropped() noexcept override;

  Chain& chain_;
  std::coroutine_handle<> waiter_;
  Awaited kind_;
  bool aborted_ = false;
};

/// The activation record of a pull chain: root -> (task or generator) -> generator -> ...
///
/// A chain has at most one pending operation, that of its innermost coroutine. The chain lives in its root;
/// every promise of the chain points at it while it is pulled. All on one thread, that of `loop`.
///
/// When the owner of the root goes away:
/// * at a yield or at a `Wait`, the frames are destroyed at once;
/// * with an Asio operation in flight, the chain is *orphaned*: the operation gets a terminal cancellation,
/// and
///   the frames, with the buffers in them, stay until its handler is called or destroyed. Then they are
///   destroyed without being resumed. (Destroying them at once is unsound for composed operations, which keep
///   references.)
/// * when a coroutine of the chain is running (it destroys its own root), when it has returned.
class Chain {
 public:
  explicit Chain(Loop& loop) noexcept : loop_(loop) {}
  Chain(const Chain&) = delete;
  Chain& operator=(const Chain&) = delete;

  Loop& loop() const noexcept { return loop_; }
  Executor executor() const noexcept { return loop_.executor(); }
  asio::cancellation_slot slot() noexcept { return signal_.slot(); }

  bool cancelled() const noexcept { return cancelled_; }
  bool running() const noexcept { return running_; }
  bool orphaned() const noexcept { return orphaned_; }
  bool operation_pending() const noexcept { return operation_pending_; }
  /// What the innermost coroutine waits for.
  Awaited awaited() const noexcept {
    if (operation_pending_) return Awaited::operation;
    return wait_ != nullptr ? wait_->kind() : Awaited::nothing;
  }

  /// Ends what the innermost coroutine waits for with `operation_aborted`, and every later await as well.
  void cancel(asio::cancellation_type type = asio::cancellation_type::terminal) {
    cancelled_ = true;
    if (wait_ != nullptr) {
      wait_->abort();
    } else if (operation_pending_) {
      signal_.emit(type);
    }
  }

  /// From a completion handler: the innermost coroutine goes on.
  void resume(std::coroutine_handle<> innermost) {
    operation_pending_ = false;
    if (orphaned_) {
      destroy();
      return;
    }
    run(innermost);
    after_run();
  }
  /// Runs until the chain yields, ends or waits.
  void run(std::coroutine_handle<> innermost) {
    assert(!running_ && "a chain was entered twice: its io_context must be run by one thread");
    running_ = true;
    innermost.resume();
    running_ = false;
  }
  /// The handler of the pending operation, or the loop at which it waits, was destroyed.
  void drop() noexcept {
    operation_pending_ = false;
    destroy();
  }

  void operation_started() noexcept { operation_pending_ = true; }

 protected:
  ~Chain() = default;

  /// For the owner that goes away: true when the frames may be destroyed now, else it is orphaned.
  bool release() {
    if (running_ || operation_pending_) {
      orphaned_ = true;
      cancel();
      return false;
    }
    return true;
  }

 private:
  friend class Wait;

  /// A coroutine of the chain was resumed from outside and has returned. May destroy the chain.
  virtual void after_run() = 0;
  /// Nobody will resume this chain any more: destroy its frames.
  virtual void destroy() noexcept = 0;

  Loop& loop_;
  asio::cancellation_signal signal_;
  Wait* wait_ = nullptr;
  bool cancelled_ = false;
  bool running_ = false;
  bool operation_pending_ = false;
  bool orphaned_ = false;
};

inline Wait::~Wait() {
  if (chain_.wait_ == this) chain_.wait_ = nullptr;
}

inline void Wait::park(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  chain_.wait_ = this;
}

inline void Wait::abort() {
  aborted_ = true;
  chain_.loop_.soon(*this);
}

inline void Wait::woken() {
  chain_.wait_ = nullptr;
  chain_.resume(waiter_);
}

inline void Wait::dropped() noexcept {
  chain_.wait_ = nullptr;
  chain_.drop();
}

}  // namespace coyield::generators::detail
