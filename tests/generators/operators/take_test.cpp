#include <gtest/gtest.h>

#include <coyield/generators/operators/filter.hpp>
#include <coyield/generators/operators/take.hpp>
#include <coyield/generators/testing.hpp>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Take, PassesOnTheFirstItemsAndEnds) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  EXPECT_EQ(loop.drain(script.play() | take(2)), (std::vector{1, 2}));
}

TEST(Take, NeverAsksForTheItemBehindTheLast) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait_for_ever();
  auto seen = loop.collect(script.play() | take(1));
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(script.given(), 1u);
  EXPECT_TRUE(script.destroyed());
  EXPECT_FALSE(script.cancelled_at()) << "it never got to its wait";
}

TEST(Take, OfNothingDoesNotStartTheSource) {
  TestLoop loop;
  Script<int> script;
  script.item(1);
  auto seen = loop.collect(script.play() | take(0));
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_FALSE(script.started());
}

TEST(Take, BehindAFilterCountsWhatPassed) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3, 4, 5, 6, 7});
  EXPECT_EQ(loop.drain(script.play() | filter([](int item) { return item % 2 == 0; }) | take(2)),
            (std::vector{2, 4}));
  EXPECT_EQ(script.given(), 4u);
}

TEST(Take, BeforeAFilterEndsWhateverThatDrops) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 3, 5}).wait_for_ever();
  EXPECT_EQ(loop.drain(script.play() | take(3) | filter([](int item) { return item % 2 == 0; })),
            std::vector<int>());
}

}  // namespace
}  // namespace coyield::generators
