#include <gtest/gtest.h>

#include <coyield/generators/testing/test_loop.hpp>
#include <nlohmann/json.hpp>

#include "start_source.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Times = std::vector<std::chrono::nanoseconds>;
using testing::TestLoop;

TEST(Clock, YieldsItsNumberAndTheTimeThatItWasDue) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("clock", {{"count", 3}}));
  loop.advance(10s);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(payloads(seen),
            (Texts{R"({"i":0,"ts":1704067200000000000})", R"({"i":1,"ts":1704067201000000000})",
                   R"({"i":2,"ts":1704067202000000000})"}));
  EXPECT_EQ(seen.times(), (Times{0s, 1s, 2s}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST(Clock, MayHaveNoItems) {
  TestLoop loop;
  EXPECT_TRUE(loop.collect(start_source("clock", {{"count", 0}})).ended());
  const auto as_asked = loop.collect(start_source("clock", {{"count", 0}, {"interval", 0s}}));
  EXPECT_TRUE(as_asked.ended());
  EXPECT_EQ(as_asked.size(), 0u);
}

TEST(Clock, GivesASlowConsumerWhatItHasMissedAtOnceAndDoesNotDrift) {
  TestLoop loop;
  auto seen = loop.collect(start_source("clock", {{"interval", 100ms}}), 1);
  loop.advance(350ms);
  seen.take(100);
  EXPECT_EQ(seen.size(), 4u);  // those of 100, 200 and 300 ms
  loop.advance(100ms);
  EXPECT_EQ(seen.times(), (Times{0ms, 350ms, 350ms, 350ms, 400ms}));
  const auto texts = payloads(seen);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(nlohmann::json::parse(texts[i])["ts"],
              1'704'067'200'000'000'000 + static_cast<std::int64_t>(i) * 100'000'000);
  }
}

TEST(Clock, FollowsTheTimeOfDayWhenItIsSet) {
  struct Adjustable final : Clock {
    std::chrono::nanoseconds time{0}, ahead = 1000s;
    std::chrono::nanoseconds now() noexcept override { return time; }
    std::chrono::nanoseconds wall() noexcept override { return time + ahead; }
  };
  asio::io_context context;
  Loop& loop = Loop::of(context.get_executor());
  const auto clock = std::make_shared<Adjustable>();
  loop.use_manual_clock(clock);
  const testing::Collection<Item> seen(loop, start_source("clock", {{"interval", 1s}}));
  const auto advance = [&](std::chrono::nanoseconds time) {
    clock->time = time;
    loop.fire_until(time);
    context.restart();
    context.poll();
  };
  advance(1s);
  clock->ahead += 10ms;  // as much may be an interruption between two readings: it is left alone
  advance(2s);
  clock->ahead += 3600s;
  advance(3s);
  EXPECT_EQ(payloads(seen), (Texts{R"({"i":0,"ts":1000000000000})", R"({"i":1,"ts":1001000000000})",
                                   R"({"i":2,"ts":1002000000000})", R"({"i":3,"ts":4603010000000})"}));
}

TEST(Clock, WithoutAnIntervalReadsTheTimeWhenAnItemIsAskedFor) {
  TestLoop loop;
  auto seen = loop.collect(start_source("clock", {{"interval", 0s}, {"count", 2}}), 1);
  loop.advance(5ns);
  seen.take(5);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(payloads(seen),
            (Texts{R"({"i":0,"ts":1704067200000000000})", R"({"i":1,"ts":1704067200000000005})"}));
}

TEST(Clock, ReadsTheTimeOfDayOutsideOfTests) {
  asio::io_context context;
  const testing::Collection<Item> seen(Loop::of(context.get_executor()),
                                       start_source("clock", {{"interval", 0s}}), 3);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  for (const std::string& text : payloads(seen)) {
    const std::chrono::nanoseconds ts(nlohmann::json::parse(text)["ts"].get<std::int64_t>());
    EXPECT_LE(ts, now);
    EXPECT_GT(ts, now - 1h);
  }
}

TEST(Clock, CanBeDroppedAndCancelledWhileItWaits) {
  TestLoop loop;
  auto waiting = loop.collect(start_source("clock"));
  waiting.cancel();
  loop.run_ready();
  EXPECT_TRUE(waiting.ended());
  EXPECT_THROW(waiting.rethrow_failure(), boost::system::system_error);
  auto dropped = loop.collect(start_source("clock"));
  dropped.drop();
  EXPECT_EQ(loop.loop().next_due(), std::chrono::nanoseconds::max());
  auto between = loop.collect(start_source("clock", {{"interval", 0s}}), 2);
  between.drop();
  EXPECT_EQ(between.size(), 2u);
}

}  // namespace
}  // namespace coyield::generators
