#pragma once
#include <coroutine>
#include <exception>
#include <memory>
#include <utility>

namespace coyield::bench {

/// The textbook's synchronous generator: what `AsyncGenerator` is measured against.
template <typename T>
class SyncGenerator {
 public:
  struct promise_type {
    SyncGenerator get_return_object() {
      return SyncGenerator(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    std::suspend_always yield_value(const T& item) noexcept {
      value = std::addressof(item);
      return {};
    }
    void return_void() const noexcept {}
    void unhandled_exception() const { throw; }

    const T* value = nullptr;
  };

  SyncGenerator(SyncGenerator&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  SyncGenerator& operator=(SyncGenerator&&) = delete;
  ~SyncGenerator() {
    if (handle_) handle_.destroy();
  }

  /// Null at the end; the item stays where it is until the next call.
  const T* next() {
    handle_.resume();
    return handle_.done() ? nullptr : handle_.promise().value;
  }

 private:
  explicit SyncGenerator(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

}  // namespace coyield::bench
