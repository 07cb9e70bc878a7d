#include <gtest/gtest.h>

#include <coyield/generators/operators/combine_latest.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/testing.hpp>
#include <stdexcept>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Pair = std::tuple<int, std::string>;

TEST(CombineLatest, GivesTheNewestOfEachWheneverOneChanges) {
  TestLoop loop;
  Script<int> numbers;
  Script<std::string> words;
  numbers.item(1).wait(20ms).item(2).wait(20ms).item(3);
  words.wait(30ms).item("a").wait(20ms).item("b");
  EXPECT_EQ(loop.drain(combine_latest(numbers.play(), words.play())),
            (std::vector<Pair>{{2, "a"}, {3, "a"}, {3, "b"}}));
}

TEST(CombineLatest, LetsThoseThatAreAlwaysReadyTakeTurns) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.items({1, 2});
  right.items({10, 20});
  auto sums = combine_latest(left.play(), right.play()) |
              map([](const auto& both) { return std::get<0>(both) + std::get<1>(both); });
  EXPECT_EQ(loop.drain(std::move(sums)), (std::vector{11, 12, 22}));
}

TEST(CombineLatest, GoesOnWhenOneHasEnded) {
  TestLoop loop;
  Script<int> numbers;
  Script<std::string> words;
  numbers.item(1);
  words.item("a").wait(10ms).item("b").wait(10ms);
  auto seen = loop.collect(combine_latest(numbers.play(), words.play()));
  loop.advance(10ms);
  EXPECT_TRUE(numbers.destroyed());
  EXPECT_EQ(seen.items(), (std::vector<Pair>{{1, "a"}, {1, "b"}}));
  EXPECT_FALSE(seen.ended());
  loop.advance(10ms);
  EXPECT_TRUE(seen.ended());
}

TEST(CombineLatest, EndsWhenOneEndsThatHasGivenNothing) {
  TestLoop loop;
  Script<int> numbers;
  Script<std::string> words;
  numbers.item(1).wait_for_ever();
  words.wait(10ms);
  auto seen = loop.collect(combine_latest(numbers.play(), words.play()));
  loop.advance(10ms);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_EQ(numbers.cancelled_at(), 1u);
}

TEST(CombineLatest, WhenOneFailsTheOthersAreCancelled) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.item(1).wait_for_ever();
  right.item(1).wait(10ms).fail(std::runtime_error("broken"));
  auto seen = loop.collect(combine_latest(left.play(), right.play()));
  loop.advance(10ms);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
  EXPECT_EQ(left.cancelled_at(), 1u);
}

TEST(CombineLatest, LetsOthersRunWhileOneIsReadyForEverAndOneSilent) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  Script<int> silent;
  silent.wait_for_ever();
  auto seen = loop.collect(combine_latest(endless(), silent.play()));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

TEST(CombineLatest, KeepsItemsThatBorrow) {
  TestLoop loop;
  auto borrowing = []() -> AsyncGenerator<Item> {
    std::string line = "a line that is long enough not to be inline";
    co_yield Item::text(line);
    line.assign(100, '#');
    co_await sleep_for(1h);
  };
  Script<int> numbers;
  numbers.item(1).wait(10ms).item(2);
  auto texts = combine_latest(borrowing(), numbers.play()) |
               map([](const auto& both) { return std::string(std::get<0>(both).payload()); });
  auto seen = loop.collect(std::move(texts));
  loop.advance(10ms);
  EXPECT_EQ(seen.items(), std::vector<std::string>(2, "a line that is long enough not to be inline"));
}

}  // namespace
}  // namespace coyield::generators
