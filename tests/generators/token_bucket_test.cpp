#include <coyield/generators/token_bucket.hpp>

#include <gtest/gtest.h>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

/// How many of those that try every `step` from `from` to `to` are let through.
int let_through(TokenBucket& bucket, std::chrono::nanoseconds from, std::chrono::nanoseconds to,
                std::chrono::nanoseconds step) {
  int count = 0;
  for (auto now = from; now < to; now += step) {
    if (bucket.wait(now).count() > 0) continue;
    bucket.take(now);
    ++count;
  }
  return count;
}

TEST(TokenBucket, LetsAsManyThroughAtOnceAsTheRateHas) {
  TokenBucket bucket({.items = 5, .within = 1s});
  EXPECT_EQ(let_through(bucket, 10s, 10s + 100ns, 1ns), 5);
}

TEST(TokenBucket, LetsThemThroughOneByOneThen) {
  TokenBucket bucket({.items = 5, .within = 1s});
  let_through(bucket, 0s, 1ms, 1us);
  EXPECT_EQ(bucket.wait(1ms), 199ms) << "a fifth of a second behind the first";
  EXPECT_EQ(let_through(bucket, 1ms, 2001ms, 1ms), 10);
}

TEST(TokenBucket, IsFullWhenNothingHasComeForTheWholeTime) {
  TokenBucket bucket({.items = 5, .within = 1s});
  EXPECT_TRUE(bucket.full(0s));
  let_through(bucket, 0s, 1ms, 1us);
  EXPECT_FALSE(bucket.full(999ms));
  EXPECT_TRUE(bucket.full(1s));
  EXPECT_EQ(let_through(bucket, 1s, 1s + 100ns, 1ns), 5);
}

TEST(TokenBucket, OneAtATimeIsARateToo) {
  TokenBucket bucket({.items = 1, .within = 1h});
  EXPECT_EQ(let_through(bucket, 0s, 3h, 1min), 3);
}

TEST(TokenBucket, MoreThanOneANanosecondAreAsManyAsThat) {
  TokenBucket bucket({.items = 10'000'000'000, .within = 1s});
  EXPECT_EQ(let_through(bucket, 0s, 100ns, 1ns), 100);
}

}  // namespace
}  // namespace coyield::generators
