#pragma once

#include <coroutine>
#include <coyield/generators/detail/promise.hpp>
#include <optional>
#include <utility>

namespace coyield::generators {

namespace detail {

template <class T>
class TaskPromise : public PromiseBase {
 public:
  template <class U>
  void return_value(U&& value) {
    result_.emplace(std::forward<U>(value));
  }
  T take() { return *std::move(result_); }

 private:
  std::optional<T> result_;
};

template <>
class TaskPromise<void> : public PromiseBase {
 public:
  void return_void() const noexcept {}
  void take() const noexcept {}
};

}  // namespace detail

/// A coroutine that awaits and returns one value: a subroutine of generators and of other tasks.
///
///     Task<std::string> read_line(Socket& socket);
///     std::string line = co_await read_line(socket);
///
/// Starts when it is awaited, once, within a generator or a task; `spawn` starts one from outside. Its frame
/// is freed with the `co_await`. What it throws comes out of the `co_await`. Destroying it, and cancelling,
/// are as for `AsyncGenerator`.
template <class T = void>
class [[nodiscard]] Task {
 public:
  class promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  Task() noexcept = default;
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    Task taken(std::move(other));
    std::swap(handle_, taken.handle_);
    return *this;
  }
  /// Whether there is one to be run.
  explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  /// Owns the coroutine while it is awaited: its frame goes with the result, not with the task's scope.
  class Awaiter {
   public:
    explicit Awaiter(Handle handle) noexcept : handle_(handle) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { handle_.destroy(); }

    bool await_ready() const noexcept {
      handle_.resume();
      return handle_.promise().done();
    }
    void await_suspend(std::coroutine_handle<> consumer) const noexcept {
      handle_.promise().consumer_waits(consumer);
    }
    T await_resume() const {
      if (std::exception_ptr error = handle_.promise().take_error()) std::rethrow_exception(std::move(error));
      return handle_.promise().take();
    }

   private:
    Handle handle_;
  };
  Awaiter in_chain(detail::Chain& chain) && noexcept {
    handle_.promise().enter(chain);
    return Awaiter(release());
  }

  /// For the root of a chain, which takes the coroutine over.
  Handle release() noexcept { return std::exchange(handle_, nullptr); }

 private:
  explicit Task(Handle handle) noexcept : handle_(handle) {}

  Handle handle_;
};

template <class T>
class Task<T>::promise_type : public detail::TaskPromise<T> {
 public:
  Task get_return_object() noexcept { return Task(Handle::from_promise(*this)); }
};

}  // namespace coyield::generators
