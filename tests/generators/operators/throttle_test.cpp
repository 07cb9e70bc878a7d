#include <gtest/gtest.h>

#include <coyield/generators/operators/throttle.hpp>
#include <coyield/generators/testing.hpp>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Times = std::vector<std::chrono::nanoseconds>;

TEST(Throttle, PassesTheFirstItemAtOnce) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3}).wait_for_ever();
  auto seen = loop.collect(throttle(script.play(), 100ms));
  EXPECT_EQ(seen.items(), (std::vector{1}));
}

TEST(Throttle, DeliversTheNewestItemWhenTheIntervalEnds) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(10ms).item(2).wait(10ms).item(3).wait_for_ever();
  auto seen = loop.collect(throttle(script.play(), 100ms));
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{1, 3}));
  EXPECT_EQ(seen.times(), (Times{0ms, 100ms}));
}

TEST(Throttle, PassesAnItemAfterAPauseAtOnce) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(250ms).item(2).wait(10ms).item(3).wait_for_ever();
  auto seen = loop.collect(throttle(script.play(), 100ms));
  loop.advance(1s);
  EXPECT_EQ(seen.times(), (Times{0ms, 250ms, 350ms}));
}

TEST(Throttle, DeliversAWaitingItemInItsTimeBeforeTheEnd) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2});
  auto seen = loop.collect(throttle(script.play(), 100ms));
  loop.advance(99ms);
  EXPECT_FALSE(seen.ended());
  loop.advance(1ms);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.items(), (std::vector{1, 2}));
  EXPECT_EQ(seen.times(), (Times{0ms, 100ms}));
}

TEST(Throttle, CountsTheIntervalFromTheDeliveryNotFromASlowConsumersReturn) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 10; ++item) script.item(item).wait(10ms);
  auto seen = loop.collect(throttle(script.play(), 100ms), 1);
  loop.advance(1s);
  seen.take();
  loop.advance(10ms);
  EXPECT_EQ(seen.times(), (Times{0ms, 1010ms}))
      << "the interval is long over: the next item passes as it comes";
}

TEST(Throttle, OfASourceThatIsAlwaysReadyLetsOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  auto seen = loop.collect(throttle(endless(), 100ms));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
  EXPECT_EQ(seen.items(), (std::vector{0}));
}

TEST(Throttle, KeepsItemsThatBorrow) {
  TestLoop loop;
  auto borrowing = []() -> AsyncGenerator<Item> {
    std::string line;
    for (int number = 0; number < 3; ++number) {
      line = "a line that is long enough not to be inline " + std::to_string(number);
      co_yield Item::text(line);
      line.assign(100, '#');
    }
  };
  auto seen = loop.collect(throttle(borrowing(), 100ms));
  loop.advance(1s);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen.stamped()[1].item.payload(), "a line that is long enough not to be inline 2");
}

}  // namespace
}  // namespace coyield::generators
