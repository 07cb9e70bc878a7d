#include <gtest/gtest.h>

#include <coyield/generators/operators/sample.hpp>
#include <coyield/generators/testing.hpp>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Times = std::vector<std::chrono::nanoseconds>;

TEST(Sample, GivesTheNewestAtEachTickAndNothingWhereNoneHasCome) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(10ms).item(2).wait(320ms).item(3).wait(1s);
  auto seen = loop.collect(sample(script.play(), 100ms));
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{2, 3}));
  EXPECT_EQ(seen.times(), (Times{100ms, 400ms}));
}

TEST(Sample, CountsTicksFromTheFirstRequestWithoutDrift) {
  TestLoop loop;
  loop.advance(42ms);
  Script<int> script;
  for (int item = 0; item < 100; ++item) script.item(item).wait(7ms);
  auto seen = loop.collect(sample(script.play(), 100ms));
  loop.advance(650ms);
  EXPECT_EQ(seen.times(), (Times{142ms, 242ms, 342ms, 442ms, 542ms, 642ms}));
}

TEST(Sample, GivesAnItemOfTheTicksOwnMomentWithTheNext) {
  TestLoop loop;
  Script<int> script;
  script.wait(100ms).item(1).wait_for_ever();
  auto seen = loop.collect(sample(script.play(), 100ms));
  loop.advance(1s);
  EXPECT_EQ(seen.times(), (Times{200ms}));
}

TEST(Sample, GivesAWaitingItemAtItsTickBeforeTheEnd) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2});
  auto seen = loop.collect(sample(script.play(), 100ms));
  loop.advance(99ms);
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_FALSE(seen.ended());
  loop.advance(1ms);
  EXPECT_EQ(seen.items(), (std::vector{2}));
  EXPECT_TRUE(seen.ended());
}

TEST(Sample, LetsTicksGoByWhileTheConsumerIsBusy) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 50; ++item) script.item(item).wait(10ms);
  auto seen = loop.collect(sample(script.play(), 100ms), 1);
  loop.advance(1s);
  seen.take();
  loop.advance(1s);
  EXPECT_EQ(seen.times(), (Times{100ms, 1100ms}));
}

TEST(Sample, OfASourceThatIsAlwaysReadyLetsOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  auto seen = loop.collect(sample(endless(), 100ms));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

TEST(Sample, DoesNotLetAGapReplaceAnItem) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<Item> {
    co_yield Item::text("item");
    co_yield Item::gap("{}");
    co_await sleep_for(150ms);
    co_yield Item::gap("{}");
  };
  auto seen = loop.collect(sample(source(), 100ms));
  loop.advance(1s);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen.stamped()[0].item.payload(), "item");
  EXPECT_EQ(seen.stamped()[1].item.kind(), PayloadKind::gap) << "where nothing else has come, it passes";
}

}  // namespace
}  // namespace coyield::generators
