#pragma once

#include <boost/asio/this_coro.hpp>
#include <concepts>
#include <coroutine>
#include <coyield/generators/detail/chain.hpp>
#include <coyield/generators/detail/frame_pool.hpp>
#include <coyield/generators/detail/operation.hpp>
#include <coyield/generators/poll.hpp>
#include <exception>
#include <memory>
#include <utility>

namespace coyield::generators::detail {

/// What `promise.value_` points at when the coroutine has returned.
inline constinit char end_of_stream = 0;

/// A value that needs no waiting.
template <class V>
struct ReadyAwaiter {
  V value;
  bool await_ready() const noexcept { return true; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  V await_resume() { return std::move(value); }
};

/// Something of ours that can be awaited once it knows the chain.
template <class A>
concept ChainAwaitable =
    requires(A&& awaitable, Chain& chain) { std::forward<A>(awaitable).in_chain(chain); };

/// What the promises of generators and tasks share: the way in (a nested call by the consumer) and out.
///
/// `next()` resumes the producer as a *nested call*. A producer that yields just returns, so that an item
/// which is ready suspends nobody, and the depth of the stack is that of the pipeline, never that of the
/// stream, on every compiler at every level of optimisation. Only a producer that waits leaves its consumer
/// suspended; the consumer is then resumed from `HandBack`.
class PromiseBase {
 public:
  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    FramePool::deallocate(memory, size);
  }

  /// Gives control back to the consumer, at `co_yield` and at the end.
  struct HandBack {
    PromiseBase* promise;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<>) const noexcept {
      // The consumer may destroy this frame: nothing is touched behind the call.
      if (promise->consumer_) [[unlikely]]
        std::exchange(promise->consumer_, nullptr).resume();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  HandBack final_suspend() noexcept {
    value_ = &end_of_stream;
    return HandBack{this};
  }
  void unhandled_exception() noexcept { error_ = std::current_exception(); }

  // What may be awaited in a coroutine of ours.

  template <class Operation>
    requires asio::is_async_operation<Operation>::value
  auto await_transform(Operation&& operation) {
    static_assert(!std::is_lvalue_reference_v<Operation>,
                  "an operation is awaited once: co_await std::move(operation)");
    throw_if_cancelled();
    using Signature = typename asio::completion_signature_of<Operation>::type;
    // NOLINTNEXTLINE(bugprone-move-forwarding-reference): it is an rvalue, as asserted above
    return OperationAwaiter<std::decay_t<Operation>, Signature>(std::move(operation), *chain_);
  }
  template <class T>
  auto await_transform(asio::awaitable<T>&& awaitable) {
    throw_if_cancelled();
    using Operation = AwaitableOperation<T>;
    return OperationAwaiter<Operation, typename Operation::Signature>(
        Operation(chain_->executor(), std::move(awaitable)), *chain_);
  }
  auto await_transform(asio::this_coro::executor_t) const noexcept {
    return ReadyAwaiter<Executor>{chain_->executor()};
  }
  template <ChainAwaitable Awaitable>
  auto await_transform(Awaitable&& awaitable) {
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): it does not see that `enter` came before
    return std::forward<Awaitable>(awaitable).in_chain(*chain_);
  }

  // For the consumer.

  bool done() const noexcept { return value_ == &end_of_stream; }
  Poll status() const noexcept {
    return value_ == nullptr ? Poll::pending : done() ? Poll::done : Poll::item;
  }
  /// Its consumer has asked for an item, and waits.
  bool asked() const noexcept { return chain_ != nullptr && value_ == nullptr; }
  void* value() const noexcept { return value_; }
  void clear_value() noexcept { value_ = nullptr; }
  void enter(Chain& chain) noexcept { chain_ = &chain; }
  void consumer_waits(std::coroutine_handle<> consumer) noexcept { consumer_ = consumer; }
  std::exception_ptr take_error() noexcept { return std::exchange(error_, nullptr); }

 protected:
  void throw_if_cancelled() const {
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): it does not see that `enter` came before
    if (chain_->cancelled()) [[unlikely]]
      throw_cancelled();
  }

  void* value_ =
      nullptr;  // null while it has none, `end_of_stream`, or the item, where the producer keeps it
  Chain* chain_ = nullptr;
  std::coroutine_handle<> consumer_;
  std::exception_ptr error_;
};

}  // namespace coyield::generators::detail
