#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/testing.hpp>
#include <optional>
#include <stdexcept>

#include "probes.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Consumer, PollsItemsThatAreReadyAndSaysWhenTheProducerWaits) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2}).wait(10ms).item(3);
  Consumer<int> consumer(loop.loop(), script.play());
  EXPECT_EQ(consumer.poll(), Poll::item);
  EXPECT_EQ(*consumer.item(), 1);
  EXPECT_EQ(consumer.poll(), Poll::item);
  EXPECT_EQ(*consumer.item(), 2);
  EXPECT_EQ(consumer.poll(), Poll::pending);
  EXPECT_EQ(consumer.poll(), Poll::pending) << "a producer that waits is not run again";
  loop.advance(10ms);
  EXPECT_EQ(consumer.status(), Poll::item);
  EXPECT_EQ(consumer.poll(), Poll::item) << "what came while nobody looked is not passed over";
  EXPECT_EQ(*consumer.item(), 3);
  EXPECT_EQ(consumer.poll(), Poll::done);
  EXPECT_FALSE(consumer.item());
}

AsyncGenerator<int> waits_for_everything(Event& event) {
  co_await sleep_for(1s);
  co_await yield_now();
  co_await event.wait();
  asio::steady_timer timer(co_await asio::this_coro::executor, 24h);
  co_await timer.async_wait(asio::deferred);
  co_yield 1;
}

TEST(Consumer, SaysWhatTheProducerWaitsFor) {
  TestLoop loop;
  Event event;
  Consumer<int> consumer(loop.loop(), waits_for_everything(event));
  ASSERT_EQ(consumer.poll(), Poll::pending);
  EXPECT_EQ(consumer.awaited(), Awaited::timer);
  loop.loop().fire_until(1s);  // and nothing that becomes ready then
  EXPECT_EQ(consumer.awaited(), Awaited::nothing);
  loop.run_ready();
  EXPECT_EQ(consumer.awaited(), Awaited::event);
  event.set();
  loop.run_ready();
  EXPECT_EQ(consumer.awaited(), Awaited::operation);
}

TEST(Consumer, WaitsForAnItem) {
  TestLoop loop;
  Script<int> script;
  script.wait(10ms).item(1);
  Consumer<int> consumer(loop.loop(), script.play());
  ASSERT_EQ(consumer.poll(), Poll::pending);
  std::optional<boost::system::error_code> waited;
  consumer.async_wait([&](boost::system::error_code error) { waited = error; });
  loop.advance(9ms);
  EXPECT_FALSE(waited);
  loop.advance(1ms);
  ASSERT_TRUE(waited);
  EXPECT_FALSE(*waited);
  EXPECT_EQ(consumer.poll(), Poll::item);
}

TEST(Consumer, AWaitForWhatIsThereCompletesLaterAllTheSame) {
  TestLoop loop;
  Script<int> script;
  script.item(1);
  Consumer<int> consumer(loop.loop(), script.play());
  ASSERT_EQ(consumer.poll(), Poll::item);
  bool waited = false;
  consumer.async_wait([&](boost::system::error_code) { waited = true; });
  EXPECT_FALSE(waited) << "never from within the call";
  loop.run_ready();
  EXPECT_TRUE(waited);
}

TEST(Consumer, CancellingAWaitCancelsNeitherProducerNorItem) {
  TestLoop loop;
  Script<int> script;
  script.wait(10ms).item(1);
  Consumer<int> consumer(loop.loop(), script.play());
  ASSERT_EQ(consumer.poll(), Poll::pending);
  asio::cancellation_signal signal;
  std::optional<boost::system::error_code> waited;
  consumer.async_wait(
      asio::bind_cancellation_slot(signal.slot(), [&](boost::system::error_code error) { waited = error; }));
  signal.emit(asio::cancellation_type::total);
  loop.run_ready();
  EXPECT_EQ(waited, asio::error::operation_aborted);
  EXPECT_FALSE(script.cancelled_at());
  loop.advance(10ms);
  ASSERT_EQ(consumer.poll(), Poll::item);
  EXPECT_EQ(*consumer.item(), 1);
}

TEST(Consumer, DestroyedDropsItsWaitUncalled) {
  TestLoop loop;
  Script<int> script;
  script.wait(10ms).item(1);
  int handlers = 0;
  {
    Consumer<int> consumer(loop.loop(), script.play());
    consumer.poll();
    consumer.async_wait([probe = Probe(handlers)](boost::system::error_code) { ADD_FAILURE() << "called"; });
    EXPECT_EQ(handlers, 1);
  }
  EXPECT_EQ(handlers, 0);
  loop.advance(1s);
}

TEST(Consumer, MayBeDestroyedByTheHandlerThatWaits) {
  TestLoop loop;
  Script<int> script;
  script.wait(10ms).item(1).wait(10ms);
  std::optional<Consumer<int>> consumer(std::in_place, loop.loop(), script.play());
  consumer->poll();
  consumer->async_wait([&](boost::system::error_code) { consumer.reset(); });
  loop.advance(1s);
  EXPECT_FALSE(consumer);
  EXPECT_TRUE(script.destroyed());
}

TEST(Consumer, CancelledEndsEveryLaterAwaitToo) {
  TestLoop loop;
  int aborted = 0;
  auto stubborn = [](int& count) -> AsyncGenerator<int> {
    while (count < 3) {
      try {
        co_await sleep_for(1h);
      } catch (const boost::system::system_error& error) {
        EXPECT_EQ(error.code(), asio::error::operation_aborted);
        ++count;
      }
    }
    co_yield 5;
  };
  auto seen = loop.collect(stubborn(aborted));
  seen.cancel();
  loop.run_ready();
  EXPECT_EQ(aborted, 3);
  EXPECT_EQ(seen.items(), (std::vector{5})) << "what needs no waiting goes on";
}

TEST(Consumer, IsPulledFromAnAsioAwaitable) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2}).wait(10ms).item(3).fail(std::runtime_error("broken"));
  std::vector<int> seen;
  bool failed = false;
  auto pulling = [](Consumer<int> consumer, std::vector<int>& into, bool& flag) -> asio::awaitable<void> {
    try {
      while (auto item = co_await consumer.next()) into.push_back(*item);
    } catch (const std::runtime_error&) {
      flag = true;
    }
    auto more = co_await consumer.next();
    EXPECT_FALSE(more);
  };
  asio::co_spawn(loop.context(), pulling(Consumer<int>(loop.loop(), script.play()), seen, failed),
                 asio::detached);
  loop.advance(10ms);
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
  EXPECT_TRUE(failed);
}

TEST(ForEach, DrainsAGeneratorFromAnAsioAwaitable) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2}).wait(10ms).items({3, 4});
  std::vector<int> seen;
  auto draining = [](AsyncGenerator<int> stream, std::vector<int>& into) -> asio::awaitable<void> {
    auto until_three = [&into](int item) {
      into.push_back(item);
      return item < 3;
    };
    co_await for_each(std::move(stream), until_three);
  };
  asio::co_spawn(loop.context(), draining(script.play(), seen), asio::detached);
  loop.advance(10ms);
  EXPECT_EQ(seen, (std::vector{1, 2, 3}));
  EXPECT_TRUE(script.destroyed());
}

TEST(ForEach, TakesOnlyABoolForAWishToEnd) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  int seen = 0;
  auto draining = [](AsyncGenerator<int> stream, int& count) -> asio::awaitable<void> {
    auto number = [&count](int) {
      ++count;
      return 0;
    };
    co_await for_each(std::move(stream), number);
  };
  asio::co_spawn(loop.context(), draining(script.play(), seen), asio::detached);
  loop.run_ready();
  EXPECT_EQ(seen, 3);
}

AsyncGenerator<int> marked(int count, StackProbe& stack) {
  for (int item = 0; item < count; ++item) {
    stack.mark();
    co_yield int(item);
  }
}

TEST(ForEach, OfAMillionReadyItemsCostsNoStack) {
  TestLoop loop;
  StackProbe stack;
  int count = 0;
  auto draining = [](AsyncGenerator<int> stream, int& counted) -> asio::awaitable<void> {
    auto one_more = [&counted](int) { ++counted; };
    co_await for_each(std::move(stream), one_more);
  };
  asio::co_spawn(loop.context(), draining(marked(1'000'000, stack), count), asio::detached);
  loop.run_ready();
  EXPECT_EQ(count, 1'000'000);
  EXPECT_LT(stack.spread(), small_stack);
}

TEST(ForEach, OnAStrandIsRefused) {
  TestLoop loop;
  Script<int> script;
  script.item(1);
  std::exception_ptr failure;
  auto draining = [](AsyncGenerator<int> stream) -> asio::awaitable<void> {
    auto nothing = [](int) {};
    co_await for_each(std::move(stream), nothing);
  };
  asio::co_spawn(asio::make_strand(loop.context()), draining(script.play()),
                 [&](std::exception_ptr error) { failure = std::move(error); });
  loop.run_ready();
  ASSERT_TRUE(failure);
  EXPECT_THROW(std::rethrow_exception(failure), std::invalid_argument);
}

}  // namespace
}  // namespace coyield::generators
