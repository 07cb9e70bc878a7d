#include <gtest/gtest.h>

#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/operators/merge.hpp>
#include <coyield/generators/testing.hpp>
#include <stdexcept>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Merge, GivesItemsInTheOrderInWhichTheyCome) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.wait(10ms).item(1).wait(20ms).item(3);
  right.wait(20ms).item(2).wait(20ms).item(4);
  EXPECT_EQ(loop.drain(merge(left.play(), right.play())), (std::vector{1, 2, 3, 4}));
}

TEST(Merge, LetsThoseThatAreAlwaysReadyTakeTurns) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.items({1, 1, 1});
  right.items({2, 2, 2});
  EXPECT_EQ(loop.drain(merge(left.play(), right.play())), (std::vector{1, 2, 1, 2, 1, 2}));
}

TEST(Merge, IsOneItemAheadOfTheConsumerInEachStream) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.items({1, 1, 1});
  right.items({2, 2, 2});
  auto seen = loop.collect(merge(left.play(), right.play()), 1);
  loop.advance(1s);
  EXPECT_EQ(left.given(), 1u);
  EXPECT_EQ(right.given(), 1u);
}

TEST(Merge, DestroysAStreamThatHasEndedWhileOthersGoOn) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.item(1);
  right.wait_for_ever();
  auto seen = loop.collect(merge(left.play(), right.play()));
  loop.run_ready();
  EXPECT_TRUE(left.destroyed());
  EXPECT_FALSE(right.destroyed());
  EXPECT_FALSE(seen.ended());
}

TEST(Merge, WhenOneFailsTheOthersAreCancelled) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.wait(10ms).fail(std::runtime_error("broken"));
  right.item(1).wait_for_ever();
  auto seen = loop.collect(merge(left.play(), right.play()));
  loop.advance(10ms);
  EXPECT_EQ(seen.items(), (std::vector{1}));
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
  EXPECT_TRUE(right.destroyed());
  EXPECT_EQ(right.cancelled_at(), 1u);
}

TEST(Merge, DestroyedCancelsAll) {
  TestLoop loop;
  std::vector<Script<int>> scripts(5);
  std::vector<AsyncGenerator<int>> streams;
  for (auto& script : scripts) {
    script.wait_for_ever();
    streams.push_back(script.play());
  }
  auto seen = loop.collect(merge(std::move(streams)));
  loop.run_ready();
  seen.drop();
  for (const auto& script : scripts) EXPECT_EQ(script.cancelled_at(), 0u);
}

TEST(Merge, OfNoStreamsEnds) {
  TestLoop loop;
  EXPECT_EQ(loop.drain(merge(std::vector<AsyncGenerator<int>>())), std::vector<int>());
}

TEST(Merge, TakesPipelines) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.item(1);
  right.item(2);
  auto doubled = map([](int item) { return 2 * item; });
  EXPECT_EQ(loop.drain(merge(left.play() | doubled, right.play())), (std::vector{2, 2}));
}

}  // namespace
}  // namespace coyield::generators
