#include <gtest/gtest.h>

#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <string>
#include <vector>

#include "probes.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

AsyncGenerator<int> numbers(int to) {
  for (int item = 1; item <= to; ++item) co_yield int(item);
}

TEST(AsyncGenerator, RunsNothingBeforeAnItemIsAskedFor) {
  TestLoop loop;
  bool ran = false;
  auto source = [](bool& flag) -> AsyncGenerator<int> {
    flag = true;
    co_yield 1;
  };
  Consumer<int> consumer(loop.loop(), source(ran));
  EXPECT_FALSE(ran);
  EXPECT_EQ(consumer.poll(), Poll::item);
  EXPECT_TRUE(ran);
}

TEST(AsyncGenerator, AdvancesOnlyWhenTheNextItemIsAskedFor) {
  TestLoop loop;
  int reached = 0;
  auto source = [](int& at) -> AsyncGenerator<int> {
    for (int item = 1;; ++item) {
      at = item;
      co_yield int(item);
    }
  };
  Consumer<int> consumer(loop.loop(), source(reached));
  for (int step = 1; step < 4; ++step) {
    consumer.poll();
    EXPECT_EQ(reached, step);
  }
}

TEST(AsyncGenerator, YieldsMoveOnlyItemsByAddress) {
  TestLoop loop;
  auto source = [](const void*& address) -> AsyncGenerator<std::unique_ptr<int>> {
    auto made = std::make_unique<int>(7);
    address = &made;
    co_yield std::move(made);
  };
  const void* address = nullptr;
  Consumer<std::unique_ptr<int>> consumer(loop.loop(), source(address));
  ASSERT_EQ(consumer.poll(), Poll::item);
  EXPECT_EQ(consumer.item().operator->(), address);
  EXPECT_EQ(**consumer.item(), 7);
}

TEST(AsyncGenerator, CopiesAVariableThatIsYieldedSoThatTheConsumerMayMoveFromIt) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<std::string> {
    const std::string constant = "a text that is too long to be stored inline";
    std::string variable = constant;
    co_yield variable;
    co_yield variable;
    co_yield constant;
  };
  Consumer<std::string> consumer(loop.loop(), source());
  std::vector<std::string> seen;
  while (consumer.poll() == Poll::item) seen.push_back(std::move(*consumer.item()));
  EXPECT_EQ(seen, std::vector<std::string>(3, "a text that is too long to be stored inline"));
}

TEST(AsyncGenerator, ConvertsWhatIsYielded) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<std::string> {
    co_yield "text";
    co_yield std::string_view("view");
  };
  EXPECT_EQ(loop.drain(source()), (std::vector<std::string>{"text", "view"}));
}

TEST(AsyncGenerator, OfReferencesGivesTheVeryObject) {
  TestLoop loop;
  std::array<int, 2> stored{1, 2};
  auto source = [](std::array<int, 2>& from) -> AsyncGenerator<int&> {
    for (int& item : from) co_yield item;
  };
  auto read_only = [](const std::array<int, 2>& from) -> AsyncGenerator<const int&> {
    for (const int& item : from) co_yield item;
  };
  Consumer<int&> consumer(loop.loop(), source(stored));
  while (consumer.poll() == Poll::item) *consumer.item() += 10;
  EXPECT_EQ(stored, (std::array{11, 12}));
  Consumer<const int&> reader(loop.loop(), read_only(stored));
  ASSERT_EQ(reader.poll(), Poll::item);
  EXPECT_EQ(&*reader.item(), stored.data());
}

TEST(AsyncGenerator, DefaultConstructedOrMovedFromIsAtItsEnd) {
  TestLoop loop;
  EXPECT_EQ(loop.drain(AsyncGenerator<int>()), std::vector<int>());
  auto full = numbers(2);
  auto taken = std::move(full);
  EXPECT_EQ(loop.drain(std::move(full)), std::vector<int>());
  EXPECT_EQ(loop.drain(std::move(taken)), (std::vector{1, 2}));
}

Task<void> expect_nothing_more(AsyncGenerator<int>& stream) {
  for (int times = 0; times < 3; ++times) {
    auto item = co_await stream.next();
    EXPECT_FALSE(item);
  }
}

TEST(AsyncGenerator, GivesNothingAfterTheEndAlways) {
  TestLoop loop;
  auto check = []() -> Task<void> {
    auto stream = numbers(1);
    while (auto item = co_await stream.next()) EXPECT_EQ(*item, 1);
    co_await expect_nothing_more(stream);
  };
  loop.spawn(check());
  loop.run_ready();
}

AsyncGenerator<int> failing(int after, bool waits) {
  for (int item = 1; item <= after; ++item) co_yield int(item);
  if (waits) co_await yield_now();
  throw std::runtime_error("broken");
}

TEST(AsyncGenerator, RethrowsItsExceptionOnceAndIsThenAtItsEnd) {
  TestLoop loop;
  auto check = [](int after, bool waits) -> Task<void> {
    auto stream = failing(after, waits);
    int items = 0;
    bool thrown = false;
    try {
      while (auto item = co_await stream.next()) ++items;
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    EXPECT_EQ(items, after);
    co_await expect_nothing_more(stream);
  };
  for (const int after : {0, 2}) {
    for (const bool waits : {false, true}) loop.spawn(check(after, waits));
  }
  loop.run_ready();
}

AsyncGenerator<int> passed_on(AsyncGenerator<int> stream) {
  while (auto item = co_await stream.next()) co_yield std::move(*item);
}

TEST(AsyncGenerator, ExceptionsPassThroughPipelines) {
  TestLoop loop;
  for (const bool waits : {false, true}) {
    auto seen = loop.collect(passed_on(passed_on(passed_on(failing(2, waits)))));
    loop.run_ready();
    EXPECT_EQ(seen.items(), (std::vector{1, 2}));
    EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
  }
}

TEST(AsyncGenerator, FreesItsFrameAndParametersAsSoonAsTheEndIsSeen) {
  TestLoop loop;
  int alive = 0;
  auto source = [](Probe) -> AsyncGenerator<int> { co_yield 1; };
  auto check = [](AsyncGenerator<int> stream, int& count) -> Task<void> {
    while (auto item = co_await stream.next()) EXPECT_EQ(count, 1);
    EXPECT_EQ(count, 0) << "while the generator object lives on";
  };
  loop.spawn(check(source(Probe(alive)), alive));
  loop.run_ready();
}

TEST(AsyncGenerator, AwaitsAnyAsioOperation) {
  TestLoop loop;
  SocketPair pair(loop.context());
  auto lines = [](SocketPair::Socket& socket) -> AsyncGenerator<std::string> {
    std::array<char, 5> buffer;
    for (;;) {
      std::size_t size = 0;
      try {
        size = co_await asio::async_read(socket, asio::buffer(buffer), asio::deferred);
      } catch (const boost::system::system_error& error) {
        EXPECT_EQ(error.code(), asio::error::eof);
        co_return;
      }
      co_yield std::string(buffer.data(), size);
    }
  };
  auto seen = loop.collect(lines(pair.here));
  asio::write(pair.there, asio::buffer("hel", 3));
  loop.run_ready();
  EXPECT_EQ(seen.size(), 0u);
  asio::write(pair.there, asio::buffer("loworld", 7));
  loop.run_ready();
  EXPECT_EQ(seen.items(), (std::vector<std::string>{"hello", "world"}));
  pair.there.close();
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
}

TEST(AsyncGenerator, KnowsItsExecutor) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<Executor> { co_yield co_await asio::this_coro::executor; };
  Consumer<Executor> consumer(loop.loop(), source());
  ASSERT_EQ(consumer.poll(), Poll::item);
  EXPECT_TRUE(*consumer.item() == loop.executor());
}

asio::awaitable<int> asio_number(int number) {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
  if (number < 0) throw std::out_of_range("negative");
  co_return number;
}
asio::awaitable<void> asio_nothing() {
  co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
}

TEST(AsyncGenerator, AwaitsAnAsioAwaitable) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<int> {
    co_yield co_await asio_number(5);
    co_await asio_nothing();
    co_yield co_await asio_number(-1);
  };
  auto seen = loop.collect(source());
  loop.run_ready();
  EXPECT_EQ(seen.items(), (std::vector{5}));
  EXPECT_THROW(seen.rethrow_failure(), std::out_of_range);
}

AsyncGenerator<int> marked(int count, StackProbe& stack) {
  for (int item = 0; item < count; ++item) {
    stack.mark();
    co_yield int(item);
  }
}
AsyncGenerator<int> posted(int count, StackProbe& stack) {
  for (int item = 0; item < count; ++item) {
    co_await asio::post(co_await asio::this_coro::executor, asio::deferred);
    stack.mark();
    co_yield int(item);
  }
}
/// Each operation completes within its initiation.
AsyncGenerator<int> at_once(int count, StackProbe& stack) {
  for (int item = 0; item < count; ++item) {
    auto immediate = operation([](auto handler) { std::move(handler)(boost::system::error_code()); });
    co_await std::move(immediate);
    stack.mark();
    co_yield int(item);
  }
}
Task<void> count_items(AsyncGenerator<int> stream, int& count) {
  while (auto item = co_await stream.next()) ++count;
}

TEST(AsyncGenerator, AMillionReadyItemsCostNoStack) {
  TestLoop loop;
  StackProbe stack;
  int count = 0;
  loop.spawn(count_items(passed_on(marked(1'000'000, stack)), count));
  loop.run_ready();
  EXPECT_EQ(count, 1'000'000);
  EXPECT_LT(stack.spread(), small_stack);
}

TEST(AsyncGenerator, ItemsThatWereWaitedForCostNoStack) {
  TestLoop loop;
  StackProbe stack;
  int count = 0;
  loop.spawn(count_items(passed_on(posted(100'000, stack)), count));
  loop.run_ready();
  EXPECT_EQ(count, 100'000);
  EXPECT_LT(stack.spread(), small_stack);
}

TEST(AsyncGenerator, OperationsThatEndWithinTheirInitiationCostNoStack) {
  TestLoop loop;
  StackProbe stack;
  int count = 0;
  loop.spawn(count_items(passed_on(at_once(1'000'000, stack)), count));
  loop.run_ready();
  EXPECT_EQ(count, 1'000'000);
  EXPECT_LT(stack.spread(), small_stack);
}

TEST(AsyncGenerator, AnInitiationThatThrowsThrowsInTheGenerator) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<int> {
    auto failing_start = operation([](auto) { throw std::runtime_error("no such device"); });
    bool thrown = false;
    try {
      co_await std::move(failing_start);
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    co_yield int(thrown);
    co_await yield_now();
    co_yield 2;
  };
  EXPECT_EQ(loop.drain(source()), (std::vector{1, 2}));
}

TEST(AsyncGenerator, AnInitiationThatDropsItsHandlerIsACancelledOperation) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<int> {
    auto forgetful = operation([](auto) {});
    co_await std::move(forgetful);
    co_yield 1;
  };
  auto seen = loop.collect(source());
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), boost::system::system_error);
}

TEST(AsyncGenerator, AHandlerDroppedLaterDestroysTheFramesWithoutResumingThem) {
  TestLoop loop;
  int alive = 0;
  std::function<void()> held;
  auto source = [](Probe, std::function<void()>& keep) -> AsyncGenerator<int> {
    auto held_back = operation([&keep](auto handler) {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      keep = [shared] {};
    });
    co_await std::move(held_back);
    ADD_FAILURE() << "resumed";
    co_yield 1;
  };
  auto seen = loop.collect(source(Probe(alive), held));
  EXPECT_EQ(alive, 1);
  held = nullptr;
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace coyield::generators
