#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/generators/testing/collection.hpp>
#include <coyield/generators/testing/manual_clock.hpp>
#include <exception>
#include <memory>
#include <utility>

namespace coyield::testing {

/// An `io_context` whose time stands still until a test moves it: sleeping costs nothing, and every run is
/// the same.
///
/// Timers of coyield (`sleep_for` and whatever is built on it) follow it; Asio's own timers do not, and
/// sockets and pipes work as ever. All on the thread of the test.
///
///     TestLoop loop;
///     auto seen = loop.collect(throttle(ticks(1ms), 100ms));
///     loop.advance(1s);
///     EXPECT_EQ(seen.size(), 10);
class TestLoop {
 public:
  TestLoop();
  TestLoop(const TestLoop&) = delete;
  TestLoop& operator=(const TestLoop&) = delete;
  /// Destroys what still waits, as the end of any `io_context` does.
  ~TestLoop();

  boost::asio::io_context& context() noexcept { return *context_; }
  generators::Executor executor() noexcept { return context_->get_executor(); }
  generators::Loop& loop() noexcept { return *loop_; }
  ManualClock& clock() noexcept { return *clock_; }
  std::chrono::nanoseconds now() noexcept { return clock_->now(); }

  /// Runs all that can run at this moment. Throws std::logic_error when that does not come to rest in a
  /// million steps, and what a task threw that was started with `spawn`.
  void run_ready();

  /// Lets `duration` go by: fires the timers in the order in which they are due, each at its own time, and
  /// runs all that becomes ready at one before the next. Throws what `run_ready` throws.
  void advance(std::chrono::nanoseconds duration);

  /// Starts a task with the next `run_ready`, which throws what the task throws.
  void spawn(generators::Task<void> task);

  /// Pulls `generator` from now on; see `Collection`.
  template <class T>
  Collection<T> collect(generators::AsyncGenerator<T> generator,
                        std::size_t limit = Collection<T>::no_limit) {
    return Collection<T>(*loop_, std::move(generator), limit);
  }

  /// Runs `generator` to its end, as fast as its timers can be fired, and gives what it yielded. Throws what
  /// it throws, and std::logic_error when it waits for something that no timer of this loop will bring.
  template <class T>
  auto drain(generators::AsyncGenerator<T> generator) {
    auto seen = collect(std::move(generator));
    run_ready();
    while (!seen.ended()) advance_to_next_timer();
    seen.rethrow_failure();
    return std::move(seen).items();
  }

 private:
  void advance_to_next_timer();
  void fire(std::chrono::nanoseconds time);

  std::unique_ptr<boost::asio::io_context> context_;
  std::shared_ptr<ManualClock> clock_;
  generators::Loop* loop_;
  std::exception_ptr failure_;
};

}  // namespace coyield::testing
