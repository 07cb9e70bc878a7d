#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <coyield/generators/task.hpp>
#include <optional>
#include <tuple>

namespace coyield::generators {

namespace detail {

/// The root of a task that somebody outside of a chain has started.
template <class T, class Handler>
class TaskRoot final : public Chain, public Pooled {
 public:
  TaskRoot(Loop& loop, Task<T> task, Handler&& handler)
      : Chain(loop), handle_(task.release()), handler_(std::move(handler)) {
    handle_.promise().enter(*this);
    parent_ = asio::get_associated_cancellation_slot(*handler_);
    if (parent_.is_connected()) parent_.assign([this](asio::cancellation_type type) { cancel(type); });
  }

  void start() {
    run(handle_);
    after_run();
  }
  void destroy() noexcept override {
    if (parent_.is_connected()) parent_.clear();
    handle_.destroy();
    delete this;
  }

 private:
  void after_run() override {
    if (!handle_.promise().done()) return;
    if (parent_.is_connected()) parent_.clear();
    auto outcome = take_outcome();
    Handler handler = *std::move(handler_);
    const Executor on = executor();
    handle_.destroy();
    delete this;
    const auto target = asio::get_associated_executor(handler, on);
    asio::dispatch(target, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
      std::apply(std::move(handler), std::move(outcome));
    });
  }

  /// What the handler gets: what was thrown, and behind it the value, or an empty one.
  auto take_outcome() {
    std::exception_ptr error = handle_.promise().take_error();
    if constexpr (std::is_void_v<T>) {
      return std::tuple<std::exception_ptr>(std::move(error));
    } else {
      if (error) return std::tuple<std::exception_ptr, T>(std::move(error), T());
      return std::tuple<std::exception_ptr, T>(nullptr, handle_.promise().take());
    }
  }

  typename Task<T>::Handle handle_;
  std::optional<Handler> handler_;
  asio::cancellation_slot parent_;
};

/// Starts a root through its executor, and destroys it when that is destroyed first.
template <class Root>
class Starter {
 public:
  explicit Starter(Root* root) noexcept : root_(root) {}
  Starter(Starter&& other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
  Starter& operator=(Starter&&) = delete;
  ~Starter() {
    if (root_ != nullptr) root_->destroy();
  }
  void operator()() { std::exchange(root_, nullptr)->start(); }

 private:
  Root* root_;
};

}  // namespace detail

/// Runs `task` on `executor`: an Asio operation, `void(std::exception_ptr)`, that completes with what it
/// threw, or `void(std::exception_ptr, T)` for a task with a value (which must then have an empty one, as for
/// `asio::co_spawn`). This is how a task is started from a callback, or awaited in an `asio::awaitable`. The
/// cancellation slot of the handler cancels it: its present await, and every later one, throws
/// `operation_aborted`. When the `io_context` is destroyed first, so is the task, and the handler uncalled.
///
///     spawn(io.get_executor(), serve(std::move(socket)), asio::detached);
///     std::string line = co_await spawn(executor, read_line(socket), asio::use_awaitable);
template <class T, class Token>
auto spawn(const Executor& executor, Task<T> task, Token&& token) {
  return asio::async_initiate<Token, typename detail::SpawnSignature<T>::type>(
      [](auto handler, const Executor& on, Task<T> taken) {
        using Root = detail::TaskRoot<T, std::decay_t<decltype(handler)>>;
        auto* root = new Root(Loop::of(on), std::move(taken), std::move(handler));
        asio::post(on, detail::Starter<Root>(root));
      },
      token, executor, std::move(task));
}

}  // namespace coyield::generators
