#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <coyield/generators/testing/test_loop.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "start_source.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Times = std::vector<std::chrono::nanoseconds>;
using testing::TestLoop;

Texts walk(Given given) {
  TestLoop loop;
  given.emplace_back("interval", 0s);
  return payloads(loop.collect(start_source("random", std::move(given))));
}

TEST(Random, WalksTheSameWayForTheSameSeedOnEveryMachine) {
  // Made by another implementation of the engine.
  EXPECT_EQ(walk({{"seed", 8}, {"count", 4}}), (Texts{R"({"i":0,"value":-0.03})", R"({"i":1,"value":0.81})",
                                                      R"({"i":2,"value":1.54})", R"({"i":3,"value":2.26})"}));
  EXPECT_EQ(walk({{"seed", 1}, {"count", 2}}),
            (Texts{R"({"i":0,"value":-0.74})", R"({"i":1,"value":-1.47})"}));
  EXPECT_EQ(walk({{"seed", -1}, {"count", 3}}), walk({{"seed", -1}, {"count", 3}}));
}

TEST(Random, WalksElsewhereEachTimeWithoutASeed) { EXPECT_NE(walk({{"count", 20}}), walk({{"count", 20}})); }

TEST(Random, TakesStepsOfUpToOneOfEveryLength) {
  const Texts texts = walk({{"seed", 1}, {"count", 10'000}});
  std::set<long> steps;
  long before = 0;
  for (const std::string& text : texts) {
    const long at = std::lround(nlohmann::json::parse(text)["value"].get<double>() * 100);
    steps.insert(at - before);
    before = at;
  }
  EXPECT_EQ(*steps.begin(), -100);
  EXPECT_EQ(*steps.rbegin(), 100);
  EXPECT_EQ(steps.size(), 201u);
}

TEST(Random, YieldsTheFirstAtOnceAndEachOtherAfterThePause) {
  TestLoop loop;
  auto seen = loop.collect(start_source("random", {{"interval", 100ms}, {"count", 3}}));
  EXPECT_EQ(seen.size(), 1u);
  loop.advance(1s);
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(seen.times(), (Times{0ms, 100ms, 200ms}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST(Random, ThePauseBeginsWhenAnItemHasBeenTaken) {
  TestLoop loop;
  auto seen = loop.collect(start_source("random", {{"interval", 100ms}}), 1);
  loop.advance(10s);
  seen.take(1);
  loop.advance(100ms);
  EXPECT_EQ(seen.times(), (Times{0s, 10s + 100ms}));
}

TEST(Random, MayHaveNoItems) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("random", {{"count", 0}}));
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
}

TEST(Random, CanBeDroppedAndCancelledWhileItWaits) {
  TestLoop loop;
  auto waiting = loop.collect(start_source("random"));
  waiting.cancel();
  loop.run_ready();
  EXPECT_TRUE(waiting.ended());
  EXPECT_THROW(waiting.rethrow_failure(), boost::system::system_error);
  auto dropped = loop.collect(start_source("random"));
  dropped.drop();
  EXPECT_EQ(loop.loop().next_due(), std::chrono::nanoseconds::max()) << "its timer is still there";
}

}  // namespace
}  // namespace coyield::generators
