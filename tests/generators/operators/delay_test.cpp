#include <gtest/gtest.h>

#include <coyield/generators/operators/delay.hpp>
#include <coyield/generators/testing.hpp>
#include <numeric>
#include <stdexcept>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Times = std::vector<std::chrono::nanoseconds>;

TEST(Delay, GivesEachItemLaterByTheSameTime) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(10ms).item(2).item(3).wait(300ms).item(4);
  auto seen = loop.collect(delay(script.play(), 100ms));
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{1, 2, 3, 4}));
  EXPECT_EQ(seen.times(), (Times{100ms, 110ms, 110ms, 410ms}));
  EXPECT_TRUE(seen.ended());
}

TEST(Delay, ByNoTimeIsNone) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3}).wait(10ms).item(4);
  auto seen = loop.collect(delay(script.play(), 0ms));
  loop.advance(10ms);
  EXPECT_EQ(seen.times(), (Times{0ms, 0ms, 0ms, 10ms}));
}

TEST(Delay, GivesWhatHadComeBeforeAFailureFirst) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2}).wait(10ms).fail(std::runtime_error("broken"));
  auto seen = loop.collect(delay(script.play(), 100ms));
  loop.advance(99ms);
  EXPECT_FALSE(seen.ended());
  loop.advance(1ms);
  EXPECT_EQ(seen.items(), (std::vector{1, 2}));
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
}

TEST(Delay, AsksForNoMoreWhenItIsFull) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 10; ++item) script.item(item);
  auto seen = loop.collect(delay(script.play(), 100ms, 3));
  loop.advance(99ms);
  EXPECT_EQ(script.given(), 3u);
  loop.advance(1s);
  EXPECT_EQ(seen.size(), 10u) << "later, but all of them";
  EXPECT_EQ(seen.times().at(2), 100ms);
  EXPECT_EQ(seen.times().at(9), 400ms);
}

TEST(Delay, IsFullWithSoManyBytesToo) {
  TestLoop loop;
  int given = 0;
  auto source = [](int& count) -> AsyncGenerator<Item> {
    const std::string text(1000, 'x');
    for (; count < 100; ++count) co_yield Item::text(text);
  };
  auto seen = loop.collect(delay(source(given), 100ms, 100, 5000));
  loop.advance(99ms);
  EXPECT_EQ(given, 4) << "the fifth of more than 1000 bytes is the last";
}

TEST(Delay, KeepsItemsThatBorrow) {
  TestLoop loop;
  auto borrowing = []() -> AsyncGenerator<Item> {
    std::string line;
    for (int number = 0; number < 2; ++number) {
      line = "a line that is long enough not to be inline " + std::to_string(number);
      co_yield Item::text(line);
      line.assign(100, '#');
    }
  };
  auto seen = loop.collect(delay(borrowing(), 100ms));
  loop.advance(1s);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen.stamped()[0].item.payload(), "a line that is long enough not to be inline 0");
}

}  // namespace
}  // namespace coyield::generators
