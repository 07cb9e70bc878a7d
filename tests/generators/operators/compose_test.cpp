#include <gtest/gtest.h>

#include <coyield/generators/detail/frame_pool.hpp>
#include <coyield/generators/operators.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

constexpr auto square = [](int item) { return item * item; };
constexpr auto odd = [](int item) { return item % 2 == 1; };

AsyncGenerator<int> numbers(int to) {
  for (int item = 1; item <= to; ++item) co_yield int(item);
}

template <class T>
std::size_t deduced(AsyncGenerator<T> stream) {
  stream.close();
  return sizeof(T);
}

TEST(Compose, APipelineIsAnAsyncGeneratorOfWhatComesOut) {
  TestLoop loop;
  AsyncGenerator<std::string> words = numbers(3) | map([](int item) { return std::to_string(item); });
  EXPECT_EQ(loop.drain(std::move(words)), (std::vector<std::string>{"1", "2", "3"}));
  words = numbers(1) | map([](int item) { return std::string(item, 'x'); }) | take(1);
  EXPECT_EQ(loop.drain(std::move(words)), (std::vector<std::string>{"x"}));
  EXPECT_EQ(deduced(numbers(3) | map([](int item) { return static_cast<char>(item); })), 1u);
}

TEST(Compose, BothSpellingsMeanTheSame) {
  TestLoop loop;
  EXPECT_EQ(loop.drain(numbers(9) | map(square) | filter(odd) | skip(1) | take(3)),
            loop.drain(take(skip(filter(map(numbers(9), square), odd), 1), 3)));
}

TEST(Compose, AdjacentStagesAreOneCoroutine) {
  const auto before = detail::FramePool::live();
  auto stream = numbers(9) | map(square) | filter(odd) | take_while(odd) | skip(1) | enumerate() |
                map([](const Indexed<int>& numbered) { return numbered.item; }) | scan(0, std::plus<>()) |
                take(3);
  EXPECT_EQ(detail::FramePool::live() - before, 2) << "the source and one for all stages";
}

TEST(Compose, APipelineWithoutASourceCanBeUsedOften) {
  TestLoop loop;
  const auto pipeline =
      map(square) | filter(odd) | batch(2) | map([](const auto& items) { return items.size(); });
  EXPECT_EQ(loop.drain(numbers(5) | pipeline), (std::vector<std::size_t>{2, 1}));
  EXPECT_EQ(loop.drain(numbers(3) | pipeline), (std::vector<std::size_t>{2}));
}

TEST(Compose, StagesOfAPipelineWithoutASourceAreFusedToo) {
  const auto before = detail::FramePool::live();
  auto stream = numbers(9) | (map(square) | filter(odd) | take(3));
  EXPECT_EQ(detail::FramePool::live() - before, 2);
}

TEST(Compose, ItemsPassStagesByAddress) {
  TestLoop loop;
  auto source = [](std::vector<const void*>& given) -> AsyncGenerator<std::unique_ptr<int>> {
    for (int item = 0; item < 3; ++item) {
      auto made = std::make_unique<int>(item);
      given.push_back(&made);
      co_yield std::move(made);
    }
  };
  std::vector<const void*> given;
  Consumer<std::unique_ptr<int>> consumer(
      loop.loop(), source(given) | filter([](const auto& item) { return *item != 1; }) | take(5) | skip(0));
  ASSERT_EQ(consumer.poll(), Poll::item);
  EXPECT_EQ(consumer.item().operator->(), given.at(0));
  std::unique_ptr<int> kept = std::move(*consumer.item());
  ASSERT_EQ(consumer.poll(), Poll::item);
  EXPECT_EQ(consumer.item().operator->(), given.at(2));
  EXPECT_EQ(*kept, 0);
}

TEST(Compose, ReferencesStayReferences) {
  TestLoop loop;
  static int stored = 1;
  stored = 1;
  auto source = []() -> AsyncGenerator<int&> {
    co_yield stored;
    co_yield stored;
  };
  AsyncGenerator<int&> through = source() | filter([](int) { return true; }) | map([](int& item) -> int& {
                                   ++item;
                                   return item;
                                 });
  Consumer<int&> consumer(loop.loop(), std::move(through));
  ASSERT_EQ(consumer.poll(), Poll::item);
  EXPECT_EQ(&*consumer.item(), &stored);
  EXPECT_EQ(stored, 2);
}

TEST(Compose, WhatAStageMadeIsDestroyedBeforeTheNextItemIsAskedFor) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(1h).item(2);
  auto life = std::make_shared<int>(0);
  auto stream = script.play() | map([life](int) { return std::make_unique<std::shared_ptr<int>>(life); });
  Consumer<std::unique_ptr<std::shared_ptr<int>>> consumer(loop.loop(), std::move(stream));
  ASSERT_EQ(consumer.poll(), Poll::item);
  const long while_held = life.use_count();
  ASSERT_EQ(consumer.poll(), Poll::pending);
  EXPECT_EQ(life.use_count(), while_held - 1);
}

TEST(Compose, AStreamThatHasBegunCanBeExtended) {
  TestLoop loop;
  auto begun = numbers(6) | skip(1) | take(4);
  std::vector<int> seen;
  auto first = [](auto& stream, std::vector<int>& into) -> Task<void> {
    auto item = co_await stream.next();
    into.push_back(*item);
  };
  loop.spawn(first(begun, seen));
  loop.run_ready();
  EXPECT_EQ(seen, (std::vector{2}));
  EXPECT_EQ(loop.drain(std::move(begun) | map(square)), (std::vector{9, 16, 25})) << "the counts go on";
}

TEST(Compose, AStreamThatHasEndedStaysAtItsEndWhenItIsExtended) {
  TestLoop loop;
  auto over = numbers(3) | take(1);
  auto run = [](auto& stream) -> Task<void> {
    while (auto item = co_await stream.next()) {
    }
  };
  loop.spawn(run(over));
  loop.run_ready();
  EXPECT_EQ(loop.drain(std::move(over) | map(square)), std::vector<int>());
}

TEST(Compose, AStreamThatHasGivenItsLastItemEndsWhenItIsExtended) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  auto almost_over = script.play() | take(1);
  auto once = [](auto& stream) -> Task<void> {
    auto item = co_await stream.next();
    EXPECT_EQ(*item, 1);
  };
  loop.spawn(once(almost_over));
  loop.run_ready();
  EXPECT_EQ(loop.drain(std::move(almost_over) | map(square)), std::vector<int>());
  EXPECT_EQ(script.given(), 1u);
}

TEST(Compose, AWarmThreadAllocatesNothingForAStream) {
  if (!COYIELD_POOL_FRAMES) GTEST_SKIP() << "frames are not pooled under AddressSanitizer";
  TestLoop loop;
  auto run = [&loop] {
    Consumer<int> consumer(loop.loop(), numbers(1000) | map(square) | filter(odd) | take(300));
    int seen = 0;
    while (consumer.poll() == Poll::item) ++seen;
    return seen;
  };
  EXPECT_EQ(run(), 300);
  const auto fresh = detail::FramePool::fresh();
  EXPECT_EQ(run(), 300);
  EXPECT_EQ(detail::FramePool::fresh(), fresh);
}

}  // namespace
}  // namespace coyield::generators
