#include <gtest/gtest.h>

#include <coyield/generators/testing.hpp>
#include <memory>
#include <stdexcept>
#include <string>

#include "probes.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

Task<int> later(int value) {
  co_await sleep_for(10ms);
  co_return value;
}
Task<std::unique_ptr<int>> owned(int value) { co_return std::make_unique<int>(value); }
Task<std::string> broken() {
  co_await yield_now();
  throw std::runtime_error("broken");
}

TEST(Task, GivesItsValueToWhoeverAwaitsIt) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<int> {
    co_yield co_await later(1);
    auto pointer = co_await owned(2);
    co_yield int(*pointer);
  };
  auto seen = loop.collect(source());
  EXPECT_EQ(seen.size(), 0u);
  loop.advance(10ms);
  EXPECT_EQ(seen.items(), (std::vector{1, 2}));
}

TEST(Task, RunsNothingBeforeItIsAwaited) {
  TestLoop loop;
  bool ran = false;
  auto flagging = [](bool& flag) -> Task<void> {
    flag = true;
    co_return;
  };
  auto waiting = [](Task<void> inner, bool& flag) -> Task<void> {
    EXPECT_FALSE(flag);
    co_await std::move(inner);
    EXPECT_TRUE(flag);
  };
  loop.spawn(waiting(flagging(ran), ran));
  loop.run_ready();
  EXPECT_TRUE(ran);
}

TEST(Task, ThrowsOutOfTheAwait) {
  TestLoop loop;
  bool caught = false;
  auto catching = [](bool& flag) -> Task<void> {
    try {
      co_await broken();
    } catch (const std::runtime_error&) {
      flag = true;
    }
  };
  loop.spawn(catching(caught));
  loop.run_ready();
  EXPECT_TRUE(caught);
}

TEST(Task, FreesItsFrameWhenTheAwaitIsOver) {
  TestLoop loop;
  int alive = 0;
  auto holding = [](Probe) -> Task<void> { co_await yield_now(); };
  auto waiting = [](Task<void> inner, int& count) -> Task<void> {
    {
      Task<void> mine = std::move(inner);
      co_await std::move(mine);
    }
    EXPECT_EQ(count, 0);
  };
  loop.spawn(waiting(holding(Probe(alive)), alive));
  loop.run_ready();
}

Task<int> marked(int value, StackProbe& stack) {
  stack.mark();
  co_return value;
}

TEST(Task, AMillionThatNeedNoWaitingCostNoStack) {
  TestLoop loop;
  StackProbe stack;
  auto adding = [](StackProbe& probe) -> Task<void> {
    long sum = 0;
    for (int i = 0; i < 1'000'000; ++i) {
      auto value = co_await marked(1, probe);
      sum += value;
    }
    EXPECT_EQ(sum, 1'000'000);
  };
  loop.spawn(adding(stack));
  loop.run_ready();
  EXPECT_LT(stack.spread(), small_stack);
}

}  // namespace
}  // namespace coyield::generators
