#include <gtest/gtest.h>

#include <coyield/generators/operators/buffer.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <stdexcept>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Times = std::vector<std::chrono::nanoseconds>;

TEST(Buffer, PullsWhileTheConsumerIsBusy) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 5; ++item) script.wait(10ms).item(item);
  auto seen = loop.collect(buffer(script.play(), 10), 1);
  loop.advance(1s);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_EQ(script.given(), 5u);
  seen.take(9);
  EXPECT_EQ(seen.items(), (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(seen.times().back(), 1s) << "all were there already";
  EXPECT_TRUE(seen.ended());
}

TEST(Buffer, PullsNothingBeforeItIsAsked) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  auto seen = loop.collect(buffer(script.play(), 10), 0);
  loop.advance(1s);
  EXPECT_FALSE(script.started());
}

TEST(Buffer, GivesTheFirstItemAtOnceHoweverManyAreReady) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 500; ++item) script.item(item);
  auto seen = loop.collect(buffer(script.play(), 200), 1);
  EXPECT_EQ(seen.items(), (std::vector{0}));
  EXPECT_EQ(script.given(), 1u);
  loop.run_ready();
  EXPECT_EQ(script.given(), 200u) << "one is with the consumer, and counts until the next is asked for";
}

TEST(Buffer, GoesOnWhenThereIsRoomAgain) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 20; ++item) script.item(item).give_way();
  auto seen = loop.collect(buffer(script.play(), 4), 1);
  for (std::size_t taken = 1; taken < 20; ++taken) {
    loop.run_ready();
    ASSERT_EQ(script.given(), std::min<std::size_t>(taken + 3, 20));
    seen.take();
    ASSERT_EQ(seen.size(), taken + 1);
  }
}

TEST(Buffer, IsFullWithSoManyBytesToo) {
  TestLoop loop;
  int given = 0;
  auto source = [](int& count) -> AsyncGenerator<Item> {
    const std::string text(1000, 'x');
    for (; count < 100; ++count) co_yield Item::text(text);
  };
  auto seen = loop.collect(buffer(source(given), 100, 5000), 1);
  loop.run_ready();
  EXPECT_EQ(given, 4) << "the fifth of more than 1000 bytes is the last";
}

TEST(Buffer, GivesWhatHadComeBeforeAFailureFirst) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3}).fail(std::runtime_error("broken"));
  auto seen = loop.collect(buffer(script.play(), 10), 1);
  loop.run_ready();
  EXPECT_TRUE(script.destroyed());
  EXPECT_FALSE(seen.ended());
  seen.take(9);
  EXPECT_EQ(seen.items(), (std::vector{1, 2, 3}));
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
}

TEST(Buffer, DroppedWithItemsInItDestroysThemAndTheSource) {
  TestLoop loop;
  Script<std::shared_ptr<int>> script;
  auto life = std::make_shared<int>(0);
  script.items({life, life, life}).wait_for_ever();
  auto seen = loop.collect(buffer(script.play(), 10), 1);
  loop.run_ready();
  seen.drop();
  EXPECT_TRUE(script.destroyed());
  EXPECT_EQ(script.cancelled_at(), 3u);
  EXPECT_EQ(life.use_count(), 2) << "the test's own, and the item that it took";
}

TEST(Buffer, OfASourceThatIsAlwaysReadyLetsOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  auto seen = loop.collect(buffer(endless(), 1'000'000'000), 1);
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

}  // namespace
}  // namespace coyield::generators
