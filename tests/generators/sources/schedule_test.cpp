#include <gtest/gtest.h>

#include <coyield/config/load.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/time_zone.hpp>
#include <coyield/generators/testing/test_loop.hpp>
#include <nlohmann/json.hpp>

#include "start_source.hpp"
#include "times.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using Texts = std::vector<std::string>;
using Times = std::vector<nanoseconds>;
using Seen = testing::Collection<Item>;
using testing::TestLoop;

/// When the items were due.
Texts due(const Seen& seen) {
  Texts all;
  for (const std::string& text : payloads(seen)) all.push_back(nlohmann::json::parse(text)["due"]);
  return all;
}

// A test begins on Monday, 2024-01-01, at 00:00 UTC.

TEST(ScheduleSource, YieldsItsNumberAndWhenItWasDue) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("schedule", {{"cron", "0 9 * * *"}, {"count", 2}}));
  loop.advance(9h - 1ms);
  EXPECT_EQ(seen.size(), 0u);
  loop.advance(48h);
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(payloads(seen), (Texts{R"({"i":0,"due":"2024-01-01T09:00:00Z","ts":1704099600000000000})",
                                   R"({"i":1,"due":"2024-01-02T09:00:00Z","ts":1704186000000000000})"}));
  EXPECT_EQ(seen.times(), (Times{9h, 33h}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST(ScheduleSource, MayHaveNoItems) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("schedule", {{"cron", "* * * * *"}, {"count", 0}}));
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
}

TEST(ScheduleSource, TheMomentAtWhichItBeginsIsNotDue) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("schedule", {{"cron", "*/5 * * * * *"}}));
  EXPECT_EQ(seen.size(), 0u);
  loop.advance(10s);
  EXPECT_EQ(seen.times(), (Times{5s, 10s}));
}

TEST(ScheduleSource, CanBeALongTimeAway) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("schedule", {{"cron", "0 0 29 2 *"}}));
  loop.advance(24h * 60);
  EXPECT_EQ(due(seen), (Texts{"2024-02-29T00:00:00Z"}));
  EXPECT_EQ(seen.times(), (Times{24h * 59}));
}

TEST(ScheduleSource, GivesASlowConsumerTheNewestOfWhatHasGoneBy) {
  TestLoop loop;
  auto seen = loop.collect(start_source("schedule", {{"cron", "* * * * *"}}), 1);
  loop.advance(5min + 30s);
  EXPECT_EQ(seen.size(), 1u);
  seen.take(100);
  EXPECT_EQ(seen.size(), 2u);
  loop.advance(1min);
  EXPECT_EQ(due(seen), (Texts{"2024-01-01T00:01:00Z", "2024-01-01T00:05:00Z", "2024-01-01T00:06:00Z"}));
  EXPECT_EQ(seen.times(), (Times{1min, 5min + 30s, 6min}));
  EXPECT_EQ(nlohmann::json::parse(payloads(seen)[2])["i"], 2);
}

/// A clock on the wall that somebody sets.
class ScheduleByASetClock : public ::testing::Test {
 protected:
  struct Adjustable final : Clock {
    nanoseconds time{0};
    nanoseconds ahead = testing::ManualClock::wall_at_start;
    nanoseconds now() noexcept override { return time; }
    nanoseconds wall() noexcept override { return time + ahead; }
  };

  ScheduleByASetClock() { loop.use_manual_clock(clock); }
  void advance(nanoseconds duration) {
    const nanoseconds end = clock->time + duration;
    for (;;) {
      context.restart();
      context.poll();
      const nanoseconds next = loop.next_due();
      if (next > end) break;
      clock->time = next;
      loop.fire_until(next);
    }
    clock->time = end;
  }
  Seen collect(const char* cron) { return Seen(loop, start_source("schedule", {{"cron", cron}})); }

  asio::io_context context;
  Loop& loop = Loop::of(context.get_executor());
  std::shared_ptr<Adjustable> clock = std::make_shared<Adjustable>();
};

TEST_F(ScheduleByASetClock, NoticesWithinAMinuteThatItWasSetForward) {
  const auto seen = collect("0 9 * * *");
  advance(30s);
  clock->ahead += 10h;
  advance(30s);
  EXPECT_EQ(due(seen), (Texts{"2024-01-01T09:00:00Z"}));
  clock->ahead += 24h * 5;
  advance(1min);
  EXPECT_EQ(due(seen), (Texts{"2024-01-01T09:00:00Z", "2024-01-06T09:00:00Z"})) << "the newest, once";
  advance(24h);
  EXPECT_EQ(due(seen).back(), "2024-01-07T09:00:00Z");
  EXPECT_EQ(seen.size(), 3u);
}

TEST_F(ScheduleByASetClock, GivesNoTimeTwiceWhenItIsSetBack) {
  const auto seen = collect("0 * * * *");
  advance(2h);
  clock->ahead -= 90min;
  advance(90min);
  EXPECT_EQ(due(seen), (Texts{"2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z"}));
  advance(1h);
  EXPECT_EQ(due(seen), (Texts{"2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z", "2024-01-01T03:00:00Z"}));
}

TEST_F(ScheduleByASetClock, BeginsAnewWhenTheClockWasWrongByMoreThanADay) {
  const auto seen = collect("0 * * * *");
  advance(1h);
  clock->ahead -= 24h * 365;
  advance(1h);
  EXPECT_EQ(due(seen), (Texts{"2024-01-01T01:00:00Z", "2023-01-01T02:00:00Z"}));
}

TEST_F(ScheduleByASetClock, WaitsTheRestWhenTheClockIsSlow) {
  const auto seen = collect("* * * * *");
  advance(30s);
  clock->ahead -= 20ms;
  advance(30s);
  EXPECT_EQ(seen.size(), 0u);
  advance(20ms);
  EXPECT_EQ(seen.times(), (Times{1min + 20ms}));
}

TEST(ScheduleSource, CanBeDroppedAndCancelledWhileItWaits) {
  TestLoop loop;
  const auto start = [] { return start_source("schedule", {{"cron", "* * * * *"}}); };
  auto waiting = loop.collect(start());
  waiting.cancel();
  loop.run_ready();
  EXPECT_TRUE(waiting.ended());
  EXPECT_THROW(waiting.rethrow_failure(), boost::system::system_error);
  auto dropped = loop.collect(start());
  dropped.drop();
  EXPECT_EQ(loop.loop().next_due(), nanoseconds::max()) << "its timer is still there";
  auto between = loop.collect(start(), 1);
  loop.advance(2min);
  between.drop();
  EXPECT_EQ(between.size(), 1u);
}

class ScheduleInAZone : public ::testing::Test {
 protected:
  SourceContext sources_context() {
    SourceContext all;
    all.blocking = &pool;
    return all;
  }
  /// Until the zone has been read, which is the one thing that the pool has to do.
  void read_zone() {
    loop.context().restart();
    loop.context().run();
  }

  BlockingPool pool{1};
  TestLoop loop;
};

TEST_F(ScheduleInAZone, MeansTheTimeThere) {
  if (!find_time_zone("America/New_York")) GTEST_SKIP() << "there are no time zones on this machine";
  const auto seen = loop.collect(
      start_source("schedule", {{"cron", "0 9 * * *"}, {"zone", "America/New_York"}}, sources_context()));
  read_zone();
  loop.advance(24h);
  EXPECT_EQ(due(seen), (Texts{"2024-01-01T14:00:00Z"}));
  EXPECT_EQ(seen.times(), (Times{14h}));
}

TEST_F(ScheduleInAZone, MayBeThatOfTheMachine) {
  const SystemZone system("CET-1CEST,M3.5.0,M10.5.0/3");
  const auto seen =
      loop.collect(start_source("schedule", {{"cron", "0 9 * * *"}, {"zone", "local"}}, sources_context()));
  read_zone();
  loop.advance(24h);
  EXPECT_EQ(due(seen), (Texts{"2024-01-01T08:00:00Z"}));
}

TEST_F(ScheduleInAZone, CanBeDroppedAndCancelledWhileThatIsRead) {
  const Given given = {{"cron", "0 9 * * *"}, {"zone", "local"}};
  auto dropped = loop.collect(start_source("schedule", given, sources_context()));
  dropped.drop();
  auto cancelled = loop.collect(start_source("schedule", given, sources_context()));
  cancelled.cancel();
  read_zone();
  EXPECT_TRUE(cancelled.ended());
  EXPECT_THROW(cancelled.rethrow_failure(), boost::system::system_error);
}

/// A client that asked for one value.
class Query final : public config::RequestValues {
 public:
  Query(std::string name, std::string value) : name_(std::move(name)), value_(std::move(value)) {}
  std::optional<std::string> find(config::Origin, std::string_view name) const override {
    return name == name_ ? std::optional(value_) : std::nullopt;
  }

 private:
  std::string name_;
  std::string value_;
};

config::Loaded<config::ComponentConfig> load(const std::string& text) {
  config::Catalogue catalogue;
  catalogue.add(source_named("schedule").description);
  return config::load_component(config::ComponentKind::source, text, catalogue);
}

TEST_F(ScheduleInAZone, FailsWhereAClientAsksForOneThatIsNotThere) {
  const auto config = load(R"({ "schedule": { "cron": "0 9 * * *", "zone": "${query.zone}" } })");
  ASSERT_TRUE(config) << config.error();
  const auto arguments = config->resolve(Query("zone", "Mars/Base"));
  const auto seen = loop.collect(source_named("schedule").start(arguments.value(), sources_context()));
  read_zone();
  EXPECT_TRUE(seen.ended());
  try {
    seen.rethrow_failure();
    ADD_FAILURE() << "it did not fail";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), FailureKind::invalid);
    EXPECT_TRUE(failure.permanent());
    EXPECT_EQ(std::string_view(failure.message()).find(R"("Mars/Base" is no time zone)"), 0u);
  }
  EXPECT_FALSE(config->resolve(Query("zone", "../../etc/passwd")));
}

TEST(ScheduleSource, SaysWhatIsWrongInAConfigurationAndInARequest) {
  const auto message = [](const std::string& text) {
    const auto loaded = load(text);
    return loaded ? "nothing wrong" : loaded.error().text();
  };
  EXPECT_EQ(message(R"({ "schedule": "@daily" })"), "nothing wrong");
  EXPECT_NE(message(R"({ "schedule": "0 25 * * *" })").find(R"(source: "25" is no hour; write 0 to 23)"),
            std::string::npos);
  const std::string all = message(R"({ "schedule": { "cron": "60 25 * * *", "zone": "Mars/Base" } })");
  for (const char* each : {R"(cron: "60" is no minute)", R"(cron: "25" is no hour)", R"(zone: "Mars/Base")"})
    EXPECT_NE(all.find(each), std::string::npos) << all;
  const auto config = load(R"({ "schedule": "${query.at:-0} ${query.hour} * * *" })");
  ASSERT_TRUE(config) << config.error();
  EXPECT_TRUE(config->resolve(Query("hour", "9")));
  const auto refused = config->resolve(Query("hour", "25"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().parameter, "cron");
}

}  // namespace
}  // namespace coyield::generators
