#include <gtest/gtest.h>

#include <coyield/generators/operators/timeout.hpp>
#include <coyield/generators/testing.hpp>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Timeout, ThrowsWhenNothingComesInTimeAndCancelsTheSource) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(101ms).item(2);
  auto seen = loop.collect(timeout(script.play(), 100ms));
  loop.advance(99ms);
  EXPECT_FALSE(seen.ended());
  loop.advance(1ms);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.items(), (std::vector{1}));
  EXPECT_THROW(seen.rethrow_failure(), TimedOut);
  EXPECT_TRUE(script.destroyed());
  EXPECT_EQ(script.cancelled_at(), 1u);
}

TEST(Timeout, StartsAnewWithEachItem) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 5; ++item) script.wait(90ms).item(item);
  EXPECT_EQ(loop.drain(timeout(script.play(), 100ms)).size(), 5u);
}

TEST(Timeout, DoesNotBlameASlowConsumer) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(50ms).item(2);
  auto seen = loop.collect(timeout(script.play(), 100ms), 1);
  loop.advance(1h);
  seen.take(2);
  loop.advance(1h);
  EXPECT_EQ(seen.items(), (std::vector{1, 2}));
  EXPECT_FALSE(seen.failure());
}

TEST(Timeout, IsUnavailableToAClient) { EXPECT_EQ(TimedOut().kind(), FailureKind::unavailable); }

}  // namespace
}  // namespace coyield::generators
