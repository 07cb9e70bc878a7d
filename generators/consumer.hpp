#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/detail/any_handler.hpp>
#include <stdexcept>

namespace coyield::generators {

namespace detail {

/// The root of a generator that is pulled from outside of a chain. One allocation, from the pool.
template <class T>
class GeneratorRoot final : public Chain, public Pooled {
 public:
  using Item = std::remove_reference_t<T>;
  using Ready = void (*)(void* argument, bool dropped);

  GeneratorRoot(Loop& loop, AsyncGenerator<T> generator)
      : Chain(loop), handle_(generator.release()), loop_end_(*this) {
    if (handle_) {
      handle_.promise().enter(*this);
    } else {
      pull_ = Pull::over;
    }
    loop.park(loop_end_);
  }

  Poll status() const noexcept { return handle_ ? handle_.promise().status() : Poll::done; }

  Poll poll() {
    if (pull_ != Pull::resume) [[unlikely]]
      return poll_without_resuming();
    auto& promise = handle_.promise();
    promise.clear_value();
    pull_ = Pull::waiting;
    run(handle_);
    if (orphaned() && !operation_pending()) [[unlikely]] {
      destroy_all();
      return Poll::done;
    }
    void* value = promise.value();
    if (value == nullptr) return Poll::pending;
    const bool ended = value == &end_of_stream;
    pull_ = ended ? Pull::over : Pull::resume;
    return ended ? Poll::done : Poll::item;
  }

  Next<T> item() {
    if (!handle_) return Next<T>(nullptr);
    auto& promise = handle_.promise();
    if (!promise.done()) [[likely]]
      return Next<T>(static_cast<Item*>(promise.value()));
    std::exception_ptr error = promise.take_error();
    end();
    if (error) std::rethrow_exception(std::move(error));
    return Next<T>(nullptr);
  }

  Next<T> poll_item(Poll& status) {
    if (pull_ == Pull::resume) [[likely]] {
      auto& promise = handle_.promise();
      promise.clear_value();
      pull_ = Pull::waiting;
      run(handle_);
      if (!orphaned()) [[likely]] {
        void* value = promise.value();
        if (value != nullptr && value != &end_of_stream) [[likely]] {
          pull_ = Pull::resume;
          status = Poll::item;
          return Next<T>(static_cast<Item*>(value));
        }
      }
    }
    return finish_poll(status);
  }

  void on_ready(Ready ready, void* argument) noexcept {
    ready_ = ready;
    argument_ = argument;
  }

  template <class Handler>
  void wait(Handler handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    waiter_ = AnyHandler<boost::system::error_code>(std::move(handler));
    if (status() != Poll::pending) {
      waiter_.post(executor(), boost::system::error_code());
      return;
    }
    if (slot.is_connected()) {
      waiter_slot_ = slot;
      slot.assign([this](asio::cancellation_type) { end_wait(); });
    }
  }

  /// The owner goes. Destroys all of it, now or when the pending operation lets go of it.
  void abandon() noexcept {
    ready_ = nullptr;
    forget_waiter();
    if (release()) destroy_all();
  }
  template <class Handler>
  void close(Handler handler) {
    closer_ = AnyHandler<>(std::move(handler));
    abandon();
  }

 private:
  /// What the next `poll` has to do. One byte, since it is looked at for each item.
  enum class Pull : unsigned char {
    resume,   ///< it stands at a yield, or has not begun
    waiting,  ///< it was resumed and has given nothing yet; it must not be resumed by us
    arrived,  ///< it became ready in a completion handler, and has not been polled since
    over,     ///< it has ended
  };

  /// What `poll` and `item` would say of a generator that has given nothing at once.
  [[gnu::noinline]] Next<T> finish_poll(Poll& status_now) {
    if (orphaned() && !operation_pending()) {
      destroy_all();
      status_now = Poll::done;
      return Next<T>(nullptr);
    }
    if (pull_ == Pull::waiting && status() != Poll::pending) pull_ = Pull::arrived;
    status_now = poll_without_resuming();
    return status_now == Poll::pending ? Next<T>(nullptr) : item();
  }
  Poll poll_without_resuming() {
    const Poll now = status();
    if (pull_ == Pull::arrived) pull_ = now == Poll::item ? Pull::resume : Pull::over;
    return now;
  }
  void after_run() override {
    if (orphaned()) {
      if (!operation_pending()) destroy_all();
      return;
    }
    if (status() == Poll::pending) return;
    pull_ = Pull::arrived;
    wake(false);
  }
  void destroy() noexcept override {
    if (orphaned()) {
      destroy_all();
      return;
    }
    // The loop is going away while there is an owner still: it finds an ended generator. Whoever waits may
    // own this root, and so destroy it: that comes last.
    end();
    forget_slot();
    AnyHandler<boost::system::error_code> dropped_uncalled = std::move(waiter_);
    if (ready_ != nullptr) std::exchange(ready_, nullptr)(argument_, true);
  }
  void end() noexcept {
    pull_ = Pull::over;
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }
  void wake(bool dropped) {
    if (ready_ != nullptr) {
      std::exchange(ready_, nullptr)(argument_, dropped);
    } else if (waiter_) {
      forget_slot();
      AnyHandler<boost::system::error_code> waiter = std::move(waiter_);
      waiter.complete(executor(), boost::system::error_code());  // may destroy this root
    }
  }
  void end_wait() {
    forget_slot();  // destroys what has called this
    if (waiter_) waiter_.post(executor(), asio::error::operation_aborted);
  }
  void forget_slot() noexcept {
    if (waiter_slot_.is_connected()) std::exchange(waiter_slot_, asio::cancellation_slot()).clear();
  }
  void forget_waiter() noexcept {
    forget_slot();
    AnyHandler<boost::system::error_code> dropped_uncalled = std::move(waiter_);
  }
  void destroy_all() noexcept {
    end();
    if (closer_) closer_.post(executor());  // not without: the loop may be gone
    delete this;
  }

  /// A generator that stands at a yield may hold sockets and timers, which must not outlive the loop either.
  class LoopEnd final : public Wakeup {
   public:
    explicit LoopEnd(GeneratorRoot& root) noexcept : root_(root) {}

   private:
    void woken() override {}
    void dropped() noexcept override {
      if (!root_.operation_pending()) root_.destroy();  // else the operation's handler is destroyed soon
    }
    GeneratorRoot& root_;
  };

  typename AsyncGenerator<T>::Handle handle_;
  LoopEnd loop_end_;
  AnyHandler<boost::system::error_code> waiter_;
  AnyHandler<> closer_;
  asio::cancellation_slot waiter_slot_;
  Ready ready_ = nullptr;
  void* argument_ = nullptr;
  Pull pull_ = Pull::resume;
};

}  // namespace detail

/// Pulls a generator from outside of a generator or task: from a callback, an `asio::awaitable`, an operator
/// that pulls several at once. This is how a session drains a stream to its client.
///
///     Consumer<Item> consumer(executor, std::move(generator));
///     while (consumer.poll() == Poll::item) encode(*consumer.item());
///     // Poll::pending: send what there is, then wait for an item or for the client's leaving
///
/// Destroying it is cancelling the generator: at once, or, where an Asio operation is in flight, as soon as
/// that has let go of the frames (a terminal cancellation is sent to it). Used on the thread of its executor
/// only. The `io_context` may be destroyed first; the generator is then at its end.
template <class T>
class Consumer {
 public:
  Consumer() noexcept = default;
  Consumer(const Executor& executor, AsyncGenerator<T> generator)
      : Consumer(Loop::of(executor), std::move(generator)) {}
  Consumer(Loop& loop, AsyncGenerator<T> generator)
      : root_(new detail::GeneratorRoot<T>(loop, std::move(generator))) {}
  Consumer(Consumer&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  Consumer& operator=(Consumer&& other) noexcept {
    Consumer taken(std::move(other));
    std::swap(root_, taken.root_);
    return *this;
  }
  ~Consumer() { reset(); }

  explicit operator bool() const noexcept { return root_ != nullptr; }

  /// Lets the producer run until it has an item, is done or waits. Never blocks, never passes over an item.
  Poll poll() { return root_->poll(); }
  /// What `poll` would say without letting it run.
  Poll status() const noexcept { return root_->status(); }
  /// What it waits for, while its status is `pending`. Of generators that are pulled by an operator of its
  /// own chain alone, such as those of `merge`, it is an event.
  Awaited awaited() const noexcept { return root_->awaited(); }
  /// After `poll` said `item`: that one, until the next `poll`. After it said `done`: nothing, or what the
  /// generator threw, once.
  Next<T> item() { return root_->item(); }

  /// `poll` and `item` in one, for whoever takes very many: the item, or none, and then `status` says why.
  Next<T> poll_item(Poll& status) { return root_->poll_item(status); }

  /// Calls `ready(argument, false)` once when the status is no longer `pending`, from within the loop;
  /// `ready(argument, true)` when the loop is destroyed before. For those who need it cheap; one at a time.
  void on_ready(void (*ready)(void*, bool), void* argument) noexcept { root_->on_ready(ready, argument); }

  /// An Asio operation, `void(error_code)`: completes when the status is no longer `pending`. Cancelling it
  /// ends the wait, not the producer, and loses nothing: wait or poll again.
  template <class Token = asio::deferred_t>
  auto async_wait(Token&& token = {}) {
    return asio::async_initiate<Token, void(boost::system::error_code)>(
        [](auto handler, detail::GeneratorRoot<T>* root) { root->wait(std::move(handler)); }, token, root_);
  }

  /// The next item, from an `asio::awaitable`.
  asio::awaitable<Next<T>> next() {
    while (poll() == Poll::pending) co_await async_wait(asio::deferred);
    co_return item();
  }

  /// Ends what the producer waits for with `operation_aborted`, as well as every later await of its.
  void cancel() { root_->cancel(); }

  /// An Asio operation, `void()`: cancels, and completes when all frames are destroyed.
  template <class Token = asio::deferred_t>
  auto async_close(Token&& token = {}) {
    return asio::async_initiate<Token, void()>(
        [](auto handler, detail::GeneratorRoot<T>* root) {
          if (root != nullptr) {
            root->close(std::move(handler));
          } else {
            auto executor = asio::get_associated_executor(handler);
            asio::post(executor, std::move(handler));
          }
        },
        token, std::exchange(root_, nullptr));
  }

  void reset() noexcept {
    if (auto* root = std::exchange(root_, nullptr)) root->abandon();
  }

 private:
  detail::GeneratorRoot<T>* root_ = nullptr;
};

/// The executor of an `asio::awaitable`, which must be that of an `io_context`.
inline Executor executor_of(const asio::any_io_executor& executor) {
  const Executor* plain = executor.target<Executor>();
  if (plain == nullptr)
    throw std::invalid_argument("coyield runs on the executor of an io_context, not on a strand or a pool");
  return *plain;
}

/// Drains `generator` from an `asio::awaitable`, with one suspension per wait, not per item. `function` gets
/// each item by reference; where it returns bool, false ends it early. Throws what the generator throws.
///
///     co_await for_each(counter(5), [](int i) { std::cout << i << '\n'; });
template <class T, class Function>
asio::awaitable<void> for_each(AsyncGenerator<T> generator, Function function) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  Consumer<T> consumer(executor_of(executor), std::move(generator));
  for (;;) {
    const Poll status = consumer.poll();
    if (status == Poll::pending) {
      co_await consumer.async_wait(asio::deferred);
      continue;
    }
    auto item = consumer.item();
    if (!item) co_return;
    if constexpr (std::is_same_v<decltype(function(*item)), bool>) {
      if (!function(*item)) co_return;
    } else {
      function(*item);
    }
  }
}

}  // namespace coyield::generators
