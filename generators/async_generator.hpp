#pragma once

#include <coroutine>
#include <coyield/generators/detail/promise.hpp>
#include <coyield/generators/detail/stage.hpp>
#include <memory>
#include <type_traits>
#include <utility>

// g++ 12.1 and 12.2 destroy an aggregate temporary of a co_yield expression twice; see the check in
// yield_value.
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ == 12
#define COYIELD_GCC12_FRAMES 1
#else
#define COYIELD_GCC12_FRAMES 0
#endif

namespace coyield::generators {

/// What `next()` gives: true while there is an item, which `*` and `->` reach.
///
/// The item stands where the producer has it, and is valid until the next `next()`. It may be moved from.
template <class T>
class Next {
 public:
  using value_type = std::remove_reference_t<T>;

  explicit Next(value_type* item) noexcept : item_(item) {}
  explicit operator bool() const noexcept { return item_ != nullptr; }
  value_type& operator*() const noexcept { return *item_; }
  value_type* operator->() const noexcept { return item_; }

 private:
  value_type* item_;
};

/// A coroutine that awaits and yields items: the type of every stream in coyield.
///
///     AsyncGenerator<int> counter(int n) {
///       for (int i = 1; i <= n; ++i) {
///         co_await sleep_for(500ms);  // or any Asio operation, with asio::deferred
///         co_yield i;
///       }
///     }
///
/// Nothing runs until somebody asks for an item, and it runs on only when the next one is asked for. `T` may
/// be a value, a reference (`T&`, `const T&`) or move-only. Items are handed over by address: `co_yield` of a
/// temporary or of `std::move(x)` copies and moves nothing; `co_yield x` of a variable copies it, so that the
/// consumer may move from what it got.
///
/// It ends when the coroutine returns or throws. What it throws comes out of `next()`, once; after that, and
/// after the end, `next()` gives nothing, always. The frame is freed as soon as the end is seen.
///
/// Owner: whoever holds it; one consumer. Destroying it is cancelling it: its destructors run at once when it
/// stands at a `co_yield` (which is where it is unless its consumer waits in `next()`). While its chain waits
/// for an Asio operation, the owner of the chain (`Consumer`, `spawn`) cancels that first; see
/// `detail::Chain`.
///
/// Thread: that of the `io_context` of whoever pulls it. Parameters of the coroutine are kept in its frame:
/// take them by value, and remember that `std::string_view` and `std::span` are references too.
template <class T>
class [[nodiscard]] AsyncGenerator {
 public:
  using value_type = std::remove_cvref_t<T>;
  using item_type = std::remove_reference_t<T>;
  class promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  /// An empty one, which is at its end.
  AsyncGenerator() noexcept = default;
  AsyncGenerator(AsyncGenerator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  AsyncGenerator& operator=(AsyncGenerator&& other) noexcept {
    AsyncGenerator taken(std::move(other));
    std::swap(handle_, taken.handle_);
    return *this;
  }
  ~AsyncGenerator() { close(); }

  class NextAwaiter {
   public:
    explicit NextAwaiter(AsyncGenerator& generator) noexcept : generator_(generator) {}

    bool await_ready() const noexcept {
      if (!generator_.handle_) [[unlikely]]
        return true;
      promise_type& promise = generator_.handle_.promise();
      promise.clear_value();
      generator_.handle_.resume();
      return promise.value() != nullptr;
    }
    void await_suspend(std::coroutine_handle<> consumer) const noexcept {
      generator_.handle_.promise().consumer_waits(consumer);
    }
    Next<T> await_resume() const {
      if (generator_.handle_) [[likely]] {
        void* value = generator_.handle_.promise().value();
        if (value != &detail::end_of_stream) [[likely]]
          return Next<T>(static_cast<item_type*>(value));
      }
      return generator_.finish();
    }

   private:
    AsyncGenerator& generator_;
  };
  class NextInChain {
   public:
    explicit NextInChain(AsyncGenerator& generator) noexcept : generator_(generator) {}
    NextAwaiter in_chain(detail::Chain& chain) && noexcept {
      if (generator_.handle_) [[likely]]
        generator_.handle_.promise().enter(chain);
      return NextAwaiter(generator_);
    }

   private:
    AsyncGenerator& generator_;
  };

  /// `while (auto item = co_await generator.next())`, within a generator or a task. From an `asio::awaitable`
  /// or from a callback use a `Consumer`.
  [[nodiscard]] NextInChain next() noexcept { return NextInChain(*this); }

  /// Destroys the coroutine now; afterwards it is at its end.
  void close() noexcept {
    if (Handle handle = std::exchange(handle_, nullptr)) handle.destroy();
  }

  /// For the root of a chain, which takes the coroutine over.
  Handle release() noexcept { return std::exchange(handle_, nullptr); }
  /// For a `Trace`: null where it has ended.
  promise_type* promise() const noexcept { return handle_ ? &handle_.promise() : nullptr; }

 private:
  explicit AsyncGenerator(Handle handle) noexcept : handle_(handle) {}

  // The frame holds the sources of the pipeline as its parameters: they go now, not with the consumer's
  // scope.
  [[gnu::noinline]] Next<T> finish() {
    if (handle_) {
      std::exception_ptr error = handle_.promise().take_error();
      close();
      if (error) std::rethrow_exception(std::move(error));
    }
    return Next<T>(nullptr);
  }

  Handle handle_;
};

template <class T>
class AsyncGenerator<T>::promise_type : public detail::PromiseBase {
 public:
  AsyncGenerator get_return_object() noexcept { return AsyncGenerator(Handle::from_promise(*this)); }
  void return_void() const noexcept {}

  HandBack yield_value(item_type& item) noexcept
    requires std::is_reference_v<T>
  {
    value_ = erase(item);
    stage_.note_item();
    return HandBack{this};
  }
  HandBack yield_value(item_type&& item) noexcept
    requires(!std::is_reference_v<T>)
  {
    static_assert(
        !COYIELD_GCC12_FRAMES || !std::is_aggregate_v<item_type> || std::is_trivially_copyable_v<item_type>,
        "g++ 12 destroys a yielded temporary of an aggregate type twice: give the type a constructor");
    value_ = erase(item);
    stage_.note_item();
    return HandBack{this};
  }

  /// Holds a copy, or what the operand was converted to, while the consumer has it.
  template <class U>
  struct HoldingHandBack : HandBack {
    HoldingHandBack(promise_type& owner, U&& from) : HandBack{&owner}, item(std::forward<U>(from)) {
      owner.value_ = erase(item);
      owner.stage_.note_item();
    }
    HoldingHandBack(const HoldingHandBack&) = delete;
    HoldingHandBack& operator=(const HoldingHandBack&) = delete;
    item_type item;
  };
  template <class U>
    requires(!std::is_reference_v<T> &&
             (!std::is_same_v<std::remove_cvref_t<U>, item_type> || std::is_lvalue_reference_v<U>) &&
             std::is_constructible_v<item_type, U>)
  HoldingHandBack<U> yield_value(U&& item) {
    return HoldingHandBack<U>(*this, std::forward<U>(item));
  }

  /// Where what it gives is counted: for `Trace`.
  auto& stage() noexcept { return stage_; }

 private:
  static void* erase(item_type& item) noexcept {
    return const_cast<void*>(static_cast<const void*>(std::addressof(item)));
  }

  [[no_unique_address]] std::conditional_t<is_traced<value_type>, detail::StageRef, detail::NoStage> stage_;
};

}  // namespace coyield::generators
