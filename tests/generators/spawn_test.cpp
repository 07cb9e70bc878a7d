#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <coyield/generators/spawn.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <optional>
#include <stdexcept>

#include "probes.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

Task<void> sleeping(Probe) { co_await sleep_for(1h); }
Task<void> failing() {
  co_await yield_now();
  throw std::runtime_error("broken");
}

/// What the handler got: nothing yet, or the exception, which may be null.
struct Outcome {
  std::optional<std::exception_ptr> error;
  auto handler() {
    return [this](std::exception_ptr thrown) { error = std::move(thrown); };
  }
  boost::system::error_code code() const {
    try {
      std::rethrow_exception(*error);
    } catch (const boost::system::system_error& thrown) {
      return thrown.code();
    }
  }
};

TEST(Spawn, StartsTheTaskFromTheLoopAndTellsTheEnd) {
  TestLoop loop;
  int alive = 0;
  Outcome outcome;
  spawn(loop.executor(), sleeping(Probe(alive)), outcome.handler());
  loop.run_ready();
  EXPECT_FALSE(outcome.error);
  loop.advance(1h);
  ASSERT_TRUE(outcome.error);
  EXPECT_FALSE(*outcome.error);
  EXPECT_EQ(alive, 0) << "the frame is gone when the handler is called";
}

TEST(Spawn, TellsWhatTheTaskThrew) {
  TestLoop loop;
  Outcome outcome;
  spawn(loop.executor(), failing(), outcome.handler());
  loop.run_ready();
  ASSERT_TRUE(outcome.error);
  EXPECT_THROW(std::rethrow_exception(*outcome.error), std::runtime_error);
}

TEST(Spawn, IsCancelledByTheSlotOfItsHandler) {
  TestLoop loop;
  int alive = 0;
  Outcome outcome;
  asio::cancellation_signal signal;
  spawn(loop.executor(), sleeping(Probe(alive)),
        asio::bind_cancellation_slot(signal.slot(), outcome.handler()));
  loop.run_ready();
  signal.emit(asio::cancellation_type::terminal);
  loop.run_ready();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.code(), asio::error::operation_aborted);
  EXPECT_EQ(alive, 0);
}

TEST(Spawn, CancelledBeforeItStartsFailsAtItsFirstAwait) {
  TestLoop loop;
  int alive = 0;
  Outcome outcome;
  asio::cancellation_signal signal;
  spawn(loop.executor(), sleeping(Probe(alive)),
        asio::bind_cancellation_slot(signal.slot(), outcome.handler()));
  signal.emit(asio::cancellation_type::terminal);
  loop.run_ready();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.code(), asio::error::operation_aborted);
}

TEST(Spawn, OfALoopThatGoesAwayDestroysTaskAndHandler) {
  for (const bool started : {false, true}) {
    auto loop = std::make_unique<TestLoop>();
    int alive = 0;
    int handlers = 0;
    spawn(loop->executor(), sleeping(Probe(alive)),
          [probe = Probe(handlers)](std::exception_ptr) { ADD_FAILURE() << "called"; });
    if (started) loop->run_ready();
    EXPECT_EQ(alive, 1);
    loop.reset();
    EXPECT_EQ(alive, 0);
    EXPECT_EQ(handlers, 0);
  }
}

TEST(Spawn, CanBeAwaitedInAnAsioAwaitable) {
  TestLoop loop;
  bool caught = false;
  auto waiting = [](Executor executor, bool& flag) -> asio::awaitable<void> {
    try {
      co_await spawn(executor, failing(), asio::use_awaitable);
    } catch (const std::runtime_error&) {
      flag = true;
    }
  };
  asio::co_spawn(loop.context(), waiting(loop.executor(), caught), asio::detached);
  loop.run_ready();
  EXPECT_TRUE(caught);
}

Task<std::string> answering() {
  co_await sleep_for(5ms);
  co_return "forty-two";
}
Task<int> refusing() {
  co_await yield_now();
  throw std::runtime_error("broken");
}

TEST(Spawn, GivesTheValueOfATaskToAnAsioAwaitable) {
  TestLoop loop;
  std::string answer;
  const auto ask = [](Executor on, std::string* into) -> asio::awaitable<void> {
    *into = co_await spawn(on, answering(), asio::use_awaitable);
  };
  asio::co_spawn(loop.executor(), ask(loop.executor(), &answer), asio::detached);
  loop.run_ready();
  EXPECT_EQ(answer, "");
  loop.advance(5ms);
  EXPECT_EQ(answer, "forty-two");
}

TEST(Spawn, TellsWhatATaskWithAValueThrew) {
  TestLoop loop;
  std::exception_ptr error;
  spawn(loop.executor(), refusing(), [&error](std::exception_ptr thrown, int value) {
    error = std::move(thrown);
    EXPECT_EQ(value, 0);
  });
  loop.run_ready();
  ASSERT_TRUE(error);
  EXPECT_THROW(std::rethrow_exception(error), std::runtime_error);
}

TEST(Spawn, AHandlerThatThrowsLosesNoOtherTimer) {
  TestLoop loop;
  int ran = 0;
  auto sleeper = [](int& count) -> Task<void> {
    co_await sleep_for(10ms);
    ++count;
  };
  for (int task = 0; task < 3; ++task) {
    spawn(loop.executor(), sleeper(ran), [](std::exception_ptr) { throw std::logic_error("in a handler"); });
  }
  loop.run_ready();
  EXPECT_THROW(loop.advance(10ms), std::logic_error);
  for (int task = 0; task < 2; ++task) EXPECT_THROW(loop.run_ready(), std::logic_error);
  EXPECT_EQ(ran, 3);
}

}  // namespace
}  // namespace coyield::generators
