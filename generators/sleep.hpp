#pragma once

#include <chrono>
#include <coroutine>
#include <coyield/generators/detail/chain.hpp>

namespace coyield::generators {

namespace detail {

class SleepAwaiter final : public Wait {
 public:
  SleepAwaiter(Chain& chain, std::chrono::nanoseconds due) noexcept
      : Wait(chain, Awaited::timer), due_(due) {}
  bool await_ready() const {
    if (chain().cancelled()) [[unlikely]]
      throw_cancelled();
    return due_ <= chain().loop().now();
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    park(waiter);
    chain().loop().at(due_, *this);
  }
  void await_resume() const { throw_if_aborted(); }

 private:
  std::chrono::nanoseconds due_;
};

class YieldAwaiter final : public Wait {
 public:
  explicit YieldAwaiter(Chain& chain) noexcept : Wait(chain, Awaited::nothing) {}
  bool await_ready() const {
    if (chain().cancelled()) [[unlikely]]
      throw_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> waiter) {
    park(waiter);
    chain().loop().soon(*this);
  }
  void await_resume() const { throw_if_aborted(); }
};

struct SleepUntil {
  std::chrono::nanoseconds due;
  SleepAwaiter in_chain(Chain& chain) const noexcept { return SleepAwaiter(chain, due); }
};
struct SleepFor {
  std::chrono::nanoseconds duration;
  SleepAwaiter in_chain(Chain& chain) const noexcept {
    return SleepAwaiter(chain, chain.loop().now() + duration);
  }
};
struct YieldNow {
  YieldAwaiter in_chain(Chain& chain) const noexcept { return YieldAwaiter(chain); }
};
struct CheckCancelled {
  struct Awaiter {
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    void await_resume() const noexcept {}
  };
  Awaiter in_chain(Chain& chain) const {
    if (chain.cancelled()) throw_cancelled();
    return Awaiter{};
  }
};
struct ThisLoop {
  struct Awaiter {
    Loop& loop;
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    Loop& await_resume() const noexcept { return loop; }
  };
  Awaiter in_chain(Chain& chain) const noexcept { return Awaiter{chain.loop()}; }
};

}  // namespace detail

/// `co_await sleep_for(500ms)` in a generator or task: goes on after that time, at most about 1 ms late. It
/// follows the clock of the loop, so that a test can run it at once. Not a moment is waited for zero or less.
/// Cancelling wakes it with `operation_aborted`.
inline detail::SleepFor sleep_for(std::chrono::nanoseconds duration) noexcept { return {duration}; }

/// The same until a time of `Loop::now()`.
inline detail::SleepUntil sleep_until(std::chrono::nanoseconds due) noexcept { return {due}; }

/// `co_await yield_now()` lets everything else run that is ready to.
inline detail::YieldNow yield_now() noexcept { return {}; }

/// `co_await check_cancelled();` throws `operation_aborted` if the generator or task was cancelled, and does
/// not wait. For whoever catches all that an await throws: cancelling is not a failure to be mended.
inline detail::CheckCancelled check_cancelled() noexcept { return {}; }

/// `Loop& loop = co_await this_loop();` the loop on which the generator or task runs.
inline detail::ThisLoop this_loop() noexcept { return {}; }

}  // namespace coyield::generators
