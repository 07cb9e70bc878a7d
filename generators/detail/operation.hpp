#pragma once

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <coyield/generators/detail/chain.hpp>
#include <exception>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

/// `co_await` of any Asio operation (started with `asio::deferred`) in a coroutine of ours.
namespace coyield::generators::detail {

template <class Signature>
struct OperationResult;
template <class R, class... Args>
struct OperationResult<R(Args...)> {
  using Tuple = std::tuple<std::decay_t<Args>...>;
};

/// What `co_await` gives: (error_code, ...) and (exception_ptr, ...) throw, one value is itself, more are a
/// tuple.
template <class... Values>
auto unwrap(std::tuple<Values...>&& values) {
  if constexpr (sizeof...(Values) == 0) {
    return;
  } else {
    using First = std::tuple_element_t<0, std::tuple<Values...>>;
    const auto rest = [&values]<std::size_t... I>(std::index_sequence<I...>) {
      if constexpr (sizeof...(I) == 0) {
        return;
      } else if constexpr (sizeof...(I) == 1) {
        return (std::get<I + 1>(std::move(values)), ...);  // the one
      } else {
        return std::tuple<std::tuple_element_t<I + 1, std::tuple<Values...>>...>(
            std::get<I + 1>(std::move(values))...);
      }
    };
    using Rest = std::make_index_sequence<sizeof...(Values) - 1>;
    if constexpr (std::is_same_v<First, boost::system::error_code>) {
      if (std::get<0>(values)) throw boost::system::system_error(std::get<0>(values));
      return rest(Rest{});
    } else if constexpr (std::is_same_v<First, std::exception_ptr>) {
      if (std::get<0>(values)) std::rethrow_exception(std::get<0>(std::move(values)));
      return rest(Rest{});
    } else if constexpr (sizeof...(Values) == 1) {
      return std::get<0>(std::move(values));
    } else {
      return std::move(values);
    }
  }
}

/// The completion handler: completes its awaiter when it is called, and tells it when it is destroyed
/// uncalled.
template <class Awaiter>
class OperationHandler {
 public:
  using executor_type = Executor;
  using cancellation_slot_type = asio::cancellation_slot;
  using allocator_type = asio::recycling_allocator<void>;

  explicit OperationHandler(Awaiter& awaiter) noexcept : awaiter_(&awaiter) {}
  OperationHandler(OperationHandler&& other) noexcept : awaiter_(std::exchange(other.awaiter_, nullptr)) {}
  OperationHandler& operator=(OperationHandler&&) = delete;
  ~OperationHandler() {
    if (awaiter_ != nullptr) awaiter_->drop();
  }

  template <class... Args>
  void operator()(Args&&... args) {
    std::exchange(awaiter_, nullptr)->complete(std::forward<Args>(args)...);
  }

  executor_type get_executor() const noexcept { return awaiter_->chain().executor(); }
  cancellation_slot_type get_cancellation_slot() const noexcept { return awaiter_->chain().slot(); }
  allocator_type get_allocator() const noexcept { return {}; }

 private:
  Awaiter* awaiter_;
};

/// `Operation` is called with the handler, once; `Signature` is that of the handler.
template <class Operation, class Signature>
class OperationAwaiter {
 public:
  OperationAwaiter(Operation&& operation, Chain& chain) : operation_(std::move(operation)), chain_(chain) {}
  OperationAwaiter(const OperationAwaiter&) = delete;
  OperationAwaiter& operator=(const OperationAwaiter&) = delete;

  Chain& chain() const noexcept { return chain_; }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    std::move(operation_)(OperationHandler<OperationAwaiter>(*this));
    if (state_ != State::initiating) return false;  // it ended within its initiation
    state_ = State::pending;
    chain_.operation_started();
    return true;
  }
  auto await_resume() {
    if (state_ == State::lost) throw_cancelled();
    return unwrap(*std::move(result_));
  }

  template <class... Args>
  void complete(Args&&... args) {
    chain_.slot().clear();
    result_.emplace(std::forward<Args>(args)...);
    if (std::exchange(state_, State::completed) == State::pending) chain_.resume(waiter_);
  }
  void drop() noexcept {
    chain_.slot().clear();
    if (std::exchange(state_, State::lost) == State::pending) chain_.drop();
  }

 private:
  enum class State : unsigned char { initiating, pending, completed, lost };

  Operation operation_;
  Chain& chain_;
  std::coroutine_handle<> waiter_;
  std::optional<typename OperationResult<Signature>::Tuple> result_;
  State state_ = State::initiating;
};

/// How `asio::co_spawn` completes for a coroutine of this result.
template <class T>
struct SpawnSignature : std::type_identity<void(std::exception_ptr, T)> {};
template <>
struct SpawnSignature<void> : std::type_identity<void(std::exception_ptr)> {};

/// An `asio::awaitable` as an operation: it runs as a coroutine of Asio's on the same executor.
template <class T>
class AwaitableOperation {
 public:
  using Signature = typename SpawnSignature<T>::type;

  AwaitableOperation(Executor executor, asio::awaitable<T> awaitable)
      : executor_(std::move(executor)), awaitable_(std::move(awaitable)) {}

  template <class Handler>
  void operator()(Handler&& handler) && {
    asio::co_spawn(executor_, std::move(awaitable_), std::forward<Handler>(handler));
  }

 private:
  Executor executor_;
  asio::awaitable<T> awaitable_;
};

}  // namespace coyield::generators::detail
