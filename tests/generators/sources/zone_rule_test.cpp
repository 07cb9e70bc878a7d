#include <coyield/generators/sources/zone_rule.hpp>

#include <gtest/gtest.h>

#include "times.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

void expect_period(const char* rule, const char* at, const char* begin, const char* end,
                   std::chrono::seconds offset) {
  const ZonePeriod period = ZoneRule::parse(rule).value().at(utc(at));
  EXPECT_EQ(text_of(period.begin), begin) << rule << " at " << at;
  EXPECT_EQ(text_of(period.end), end) << rule << " at " << at;
  EXPECT_EQ(period.offset, offset) << rule << " at " << at;
}

TEST(ZoneRule, SaysWhenTheClocksAreSet) {
  const char* zurich = "CET-1CEST,M3.5.0,M10.5.0/3";
  expect_period(zurich, "2026-11-26 09:00:00", "2026-10-25 01:00:00", "2027-03-28 01:00:00", 1h);
  expect_period(zurich, "2026-03-29 00:59:59", "2025-10-26 01:00:00", "2026-03-29 01:00:00", 1h);
  expect_period(zurich, "2026-03-29 01:00:00", "2026-03-29 01:00:00", "2026-10-25 01:00:00", 2h);
  const char* new_york = "EST5EDT,M3.2.0,M11.1.0";
  expect_period(new_york, "2026-07-01 00:00:00", "2026-03-08 07:00:00", "2026-11-01 06:00:00", -4h);
  expect_period(new_york, "2026-12-31 23:59:59", "2026-11-01 06:00:00", "2027-03-14 07:00:00", -5h);
  const char* lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
  expect_period(lord_howe, "2026-12-31 00:00:00", "2026-10-03 15:30:00", "2027-04-03 15:00:00", 11h);
  expect_period(lord_howe, "2026-06-01 00:00:00", "2026-04-04 15:00:00", "2026-10-03 15:30:00", 10h + 30min);
  const char* dublin = "IST-1GMT0,M10.5.0,M3.5.0/1";  // there it is winter that is set apart
  expect_period(dublin, "2026-01-01 00:00:00", "2025-10-26 01:00:00", "2026-03-29 01:00:00", 0h);
  const char* nuuk = "<-02>2<-01>,M3.5.0/-1,M10.5.0/0";  // on the day before
  expect_period(nuuk, "2026-06-01 00:00:00", "2026-03-29 01:00:00", "2026-10-25 01:00:00", -1h);
}

TEST(ZoneRule, CountsDaysWithAndWithoutTheLeapDay) {
  expect_period("AAA0BBB,J60/0,J61/1", "2024-03-01 12:00:00", "2024-03-01 00:00:00", "2024-03-02 00:00:00",
                1h);
  expect_period("AAA0BBB,J60/0,J61/1", "2026-03-01 12:00:00", "2026-03-01 00:00:00", "2026-03-02 00:00:00",
                1h);
  expect_period("AAA0BBB,59/0,60/1", "2024-02-29 12:00:00", "2024-02-29 00:00:00", "2024-03-01 00:00:00", 1h);
  expect_period("AAA0BBB,59/0,60/1", "2026-03-01 12:00:00", "2026-03-01 00:00:00", "2026-03-02 00:00:00", 1h);
}

TEST(ZoneRule, MayHaveNoSummerOrNothingElse) {
  const ZonePeriod period = ZoneRule::parse("<+0545>-5:45").value().at(utc("2026-11-26 09:00:00"));
  EXPECT_EQ(period.offset, 5h + 45min);
  EXPECT_EQ(period.begin, std::chrono::sys_seconds::min());
  EXPECT_EQ(period.end, std::chrono::sys_seconds::max());
  EXPECT_EQ(ZoneRule::parse("UTC0").value().at(utc("2026-11-26 09:00:00")).offset, 0s);
  const auto always_summer = ZoneRule::parse("XXX3EDT4,0/0,J365/23").value();
  for (const char* time : {"2026-01-01 02:59:59", "2026-01-01 03:00:00", "2026-07-01 00:00:00"})
    EXPECT_EQ(always_summer.at(utc(time)).offset, -4h) << time;
}

TEST(ZoneRule, AgreesWithTheSystem) {
  for (const char* text :
       {"CET-1CEST,M3.5.0,M10.5.0/3", "EST5EDT,M3.2.0,M11.1.0", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "<-04>4<-03>,M9.1.6/24,M4.1.6/24", "EET-2EEST,M3.4.4/50,M10.4.4/50"}) {
    const SystemZone system(text);
    const ZoneRule rule = ZoneRule::parse(text).value();
    for (auto time = utc("2024-01-01 00:00:00"); time < utc("2029-01-01 00:00:00"); time += 47min)
      ASSERT_EQ(rule.at(time).offset, system.offset(time)) << text << " at " << text_of(time);
  }
}

TEST(ZoneRule, TakesNothingElse) {
  for (const char* text :
       {"", "UTC", "0", "A0", "Europe/Zurich", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M3.5.0,M13.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,M3.5.0,M10.5.0/168",
        "CET-1CEST,M3.5.0,M10.5.0/3 ", "CET-25", "<+03-3", "CET-1:60", "AAA0BBB,J0,J366", "AAA0BBB,0,366"}) {
    EXPECT_FALSE(ZoneRule::parse(text)) << text;
  }
}

}  // namespace
}  // namespace coyield::generators
