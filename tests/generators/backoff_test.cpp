#include <coyield/generators/backoff.hpp>

#include <gtest/gtest.h>

#include <set>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

TEST(Backoff, GrowsFromTheFirstPauseToTheLongest) {
  Backoff backoff({.from = 100ms, .to = 1s, .factor = 3, .jitter = 0});
  for (const nanoseconds expected : {100ms, 300ms, 900ms, 1000ms, 1000ms})
    EXPECT_EQ(backoff.next(), expected);
  backoff.reset();
  EXPECT_EQ(backoff.next(), 100ms);
}

TEST(Backoff, EndsAfterSoManyAttempts) {
  Backoff backoff({.attempts = 2, .jitter = 0});
  EXPECT_TRUE(backoff.next());
  EXPECT_TRUE(backoff.next());
  EXPECT_FALSE(backoff.next());
  backoff.reset();
  EXPECT_TRUE(backoff.next());
  EXPECT_FALSE(Backoff({.attempts = 0}).next());
}

TEST(Backoff, JitterShortensByUpToItsPart) {
  Backoff backoff({.from = 1s, .to = 1s, .jitter = 0.25, .seed = 1});
  std::set<nanoseconds> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(*backoff.next());
  EXPECT_GT(seen.size(), 990u);
  EXPECT_GE(*seen.begin(), 750ms);
  EXPECT_LT(*seen.begin(), 760ms);
  EXPECT_LE(*seen.rbegin(), 1s);
  EXPECT_GT(*seen.rbegin(), 990ms);
}

TEST(Backoff, TheSameSeedGivesTheSamePauses) {
  const BackoffOptions options{.seed = 7};
  Backoff one(options);
  Backoff two(options);
  Backoff other({.seed = 8});
  bool differs = false;
  for (int i = 0; i < 10; ++i) {
    const auto pause = one.next();
    EXPECT_EQ(pause, two.next());
    differs = differs || pause != other.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Backoff, HasNoPauseThatOverflows) {
  Backoff backoff({.from = 1h, .to = nanoseconds::max(), .factor = 1e9, .jitter = 0});
  EXPECT_EQ(backoff.next(), 1h);
  EXPECT_EQ(backoff.next(), nanoseconds::max());
  EXPECT_EQ(backoff.next(), nanoseconds::max());
}

}  // namespace
}  // namespace coyield::generators
