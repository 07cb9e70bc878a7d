#include <coyield/generators/blocking_pool.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/spawn.hpp>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace coyield::generators {
namespace {

/// Notes that it was destroyed, on which thread, and whether the call was over by then.
struct Witness {
  std::atomic<bool>* call_over;
  bool* destroyed_behind_the_call;
  ~Witness() { *destroyed_behind_the_call = call_over->load(); }
};

AsyncGenerator<int> numbers_from(BlockingPool& pool, int count) {
  for (int i = 0; i < count; ++i) {
    const auto call = [i] { return i * i; };
    const int square = co_await pool.run(call);
    co_yield int{square};
  }
}

asio::awaitable<void> add_up(AsyncGenerator<int> generator, int& sum) {
  auto add = [&sum](int i) { sum += i; };
  co_await for_each(std::move(generator), add);
}

TEST(BlockingPool, GivesResultsToAGenerator) {
  BlockingPool pool;
  asio::io_context context;
  int sum = 0;
  asio::co_spawn(context, add_up(numbers_from(pool, 5), sum), asio::detached);
  context.run();
  EXPECT_EQ(sum, 0 + 1 + 4 + 9 + 16);
}

Task<void> note_threads(BlockingPool& pool, std::thread::id& called, std::thread::id& resumed) {
  const auto call = [&called] { called = std::this_thread::get_id(); };
  co_await pool.run(call);
  resumed = std::this_thread::get_id();
}

TEST(BlockingPool, CallsOnAThreadOfItsOwnAndResumesOnThatOfTheLoop) {
  BlockingPool pool;
  asio::io_context context;
  std::thread::id called, resumed;
  spawn(context.get_executor(), note_threads(pool, called, resumed), asio::detached);
  EXPECT_EQ(pool.threads(), 0u) << "a thread was started before it was needed";
  context.run();  // returns only when the call is over: it counts as work
  EXPECT_NE(called, std::this_thread::get_id());
  EXPECT_NE(called, std::thread::id());
  EXPECT_EQ(resumed, std::this_thread::get_id());
  EXPECT_EQ(pool.threads(), 1u);
}

Task<std::string> message_of(BlockingPool& pool) {
  const auto call = []() -> int { throw std::runtime_error("no such thing"); };
  std::string message;
  try {
    co_await pool.run(call);
  } catch (const std::runtime_error& error) {
    message = error.what();
  }
  co_return message;
}
Task<void> keep_message(BlockingPool& pool, std::string& message) { message = co_await message_of(pool); }

TEST(BlockingPool, ThrowsWhatTheCallThrows) {
  BlockingPool pool;
  asio::io_context context;
  std::string message;
  spawn(context.get_executor(), keep_message(pool, message), asio::detached);
  context.run();
  EXPECT_EQ(message, "no such thing");
}

asio::awaitable<void> await_with_asio(BlockingPool& pool, int& result) {
  const auto call = [] { return std::make_unique<int>(7); };
  std::unique_ptr<int> moved = co_await pool.run(call, asio::use_awaitable);
  result = *moved;
}

TEST(BlockingPool, IsAnAsioOperationForOthersToo) {
  BlockingPool pool;
  asio::io_context context;
  int result = 0;
  asio::co_spawn(context, await_with_asio(pool, result), asio::detached);
  context.run();
  EXPECT_EQ(result, 7);
}

TEST(BlockingPool, StartsAsManyThreadsAsThereAreCallsButNoMoreThanItMay) {
  BlockingPool pool(3);
  asio::io_context context;
  std::latch all_three(3);
  int completed = 0;
  for (int i = 0; i < 6; ++i) {
    const bool first = i < 3;
    const auto call = [&all_three, first] {
      if (first) all_three.arrive_and_wait();  // would hang with fewer threads
    };
    const auto count = [&completed](std::exception_ptr) { ++completed; };
    pool.run(call, asio::bind_executor(context.get_executor(), count));
  }
  context.run();
  EXPECT_EQ(completed, 6);
  EXPECT_EQ(pool.threads(), 3u);
}

/// A pool of one thread, which is held by a call until it is told to go on.
class HeldPool {
 public:
  explicit HeldPool(asio::io_context& context) {
    const auto hold = [this] {
      held_.count_down();
      go_on_.wait();
      over_ = true;
    };
    pool.emplace(1);
    pool->run(hold, asio::bind_executor(context.get_executor(), [](std::exception_ptr) {}));
    held_.wait();
  }
  void go_on() { go_on_.count_down(); }
  std::atomic<bool>& over() { return over_; }

  std::optional<BlockingPool> pool;

 private:
  std::latch held_{1};
  std::latch go_on_{1};
  std::atomic<bool> over_ = false;
};

Task<void> await_call(BlockingPool& pool, std::atomic<bool>& called) {
  const auto call = [&called] { called = true; };
  co_await pool.run(call);
}

TEST(BlockingPool, DropsACancelledCallThatHasNotBegun) {
  asio::io_context context;
  HeldPool held(context);
  std::atomic<bool> called = false;
  asio::cancellation_signal signal;
  std::exception_ptr error;
  const auto keep = [&error](std::exception_ptr thrown) { error = std::move(thrown); };
  spawn(context.get_executor(), await_call(*held.pool, called),
        asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context.get_executor(), keep)));
  context.poll();
  signal.emit(asio::cancellation_type::terminal);
  context.poll();  // it completes although the thread is busy still
  ASSERT_TRUE(error);
  EXPECT_THROW(std::rethrow_exception(error), boost::system::system_error);
  held.go_on();
  context.run();
  EXPECT_FALSE(called);
}

AsyncGenerator<int> wait_in_call(BlockingPool& pool, std::latch& begun, std::latch& go_on, Witness witness,
                                 bool& resumed) {
  std::array<char, 1000> buffer;
  const auto call = [&] {
    begun.count_down();
    go_on.wait();
    buffer.fill('x');  // the frame must be there still
    *witness.call_over = true;
  };
  co_await pool.run(call);
  resumed = true;
  co_yield static_cast<int>(buffer[0]);
}

TEST(BlockingPool, AnOrphanedFrameStaysUntilTheCallIsOver) {
  BlockingPool pool;
  asio::io_context context;
  std::latch begun(1), go_on(1);
  std::atomic<bool> over = false;
  bool destroyed_behind = false, resumed = false;
  Consumer<int> consumer(context.get_executor(),
                         wait_in_call(pool, begun, go_on, Witness{&over, &destroyed_behind}, resumed));
  EXPECT_EQ(consumer.poll(), Poll::pending);
  begun.wait();
  destroyed_behind = false;  // set by the temporary above
  consumer.reset();
  go_on.count_down();
  context.run();
  EXPECT_TRUE(destroyed_behind);
  EXPECT_FALSE(resumed);
}

TEST(BlockingPool, AContextThatGoesFirstWaitsForItsCallAndDropsTheOthers) {
  BlockingPool pool(1);
  auto context = std::make_unique<asio::io_context>();
  std::latch begun(1), go_on(1);
  std::atomic<bool> over = false, called = false;
  bool destroyed_behind = false, resumed = false;
  Consumer<int> consumer(context->get_executor(),
                         wait_in_call(pool, begun, go_on, Witness{&over, &destroyed_behind}, resumed));
  EXPECT_EQ(consumer.poll(), Poll::pending);
  begun.wait();
  destroyed_behind = false;
  spawn(context->get_executor(), await_call(pool, called), asio::detached);
  context->poll();
  std::thread helper([&] { go_on.count_down(); });
  context.reset();
  helper.join();
  EXPECT_TRUE(destroyed_behind);
  EXPECT_FALSE(resumed);
  EXPECT_FALSE(called);
  EXPECT_EQ(consumer.poll(), Poll::done);
}

TEST(BlockingPool, APoolThatGoesFirstAbortsWhatHasNotBegun) {
  asio::io_context context;
  HeldPool held(context);
  std::atomic<bool> called = false;
  std::exception_ptr error;
  const auto keep = [&error](std::exception_ptr thrown) { error = std::move(thrown); };
  spawn(context.get_executor(), await_call(*held.pool, called),
        asio::bind_executor(context.get_executor(), keep));
  context.poll();
  held.go_on();
  held.pool.reset();
  EXPECT_TRUE(held.over());
  context.run();
  // The thread may have come to it just before the pool was told to stop.
  EXPECT_EQ(error == nullptr, called);
}

TEST(BlockingPool, ServesManyLoopsAtOnce) {
  BlockingPool pool(2);
  std::array<int, 4> sums{};
  std::vector<std::thread> threads;
  for (int& sum : sums) {
    threads.emplace_back([&pool, &sum] {
      asio::io_context context(1);
      asio::co_spawn(context, add_up(numbers_from(pool, 200), sum), asio::detached);
      context.run();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int sum : sums) EXPECT_EQ(sum, 199 * 200 * 399 / 6);
}

}  // namespace
}  // namespace coyield::generators
