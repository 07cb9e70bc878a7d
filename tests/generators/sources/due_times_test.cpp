#include <coyield/generators/sources/due_times.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "times.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

const char* const zurich = "CET-1CEST,M3.5.0,M10.5.0/3";
const char* const lord_howe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0";
const char* const santiago = "<-04>4<-03>,M9.1.6/24,M4.1.6/24";  // at midnight

DueTimes due_times(std::string_view expression, std::string_view zone) {
  std::vector<config::Mistake> mistakes;
  return DueTimes(CronExpression::parse(expression, mistakes).value(),
                  TimeZone(ZoneRule::parse(zone).value()));
}

Texts next(std::string_view expression, std::string_view zone, std::string_view from, std::size_t count) {
  const DueTimes times = due_times(expression, zone);
  Texts all;
  for (auto time = utc(from); all.size() < count;) {
    time = times.next_after(time);
    all.push_back(text_of(time));
  }
  return all;
}

TEST(DueTimes, AreThoseOfTheZone) {
  EXPECT_EQ(next("0 9 * * *", zurich, "2026-11-26 08:00:00", 2),
            (Texts{"2026-11-27 08:00:00", "2026-11-28 08:00:00"}));
  EXPECT_EQ(next("0 9 * * *", zurich, "2026-07-01 06:59:59", 2),
            (Texts{"2026-07-01 07:00:00", "2026-07-02 07:00:00"}));
  EXPECT_EQ(next("0 0 1 1 *", lord_howe, "2026-11-26 00:00:00", 1), (Texts{"2026-12-31 13:00:00"}));
  EXPECT_EQ(next("0 9 * * *", "UTC0", "2026-11-26 08:00:00", 1), (Texts{"2026-11-26 09:00:00"}));
}

TEST(DueTimes, ATimeThatTheClocksAreSetForwardOverIsDueWhenTheyAre) {
  // At 01:00 UTC, from 02:00 to 03:00.
  const char* before = "2026-03-28 12:00:00";
  EXPECT_EQ(next("30 2 * * *", zurich, before, 3),
            (Texts{"2026-03-29 01:00:00", "2026-03-30 00:30:00", "2026-03-31 00:30:00"}));
  EXPECT_EQ(next("0 2 * * *", zurich, before, 2), (Texts{"2026-03-29 01:00:00", "2026-03-30 00:00:00"}));
  EXPECT_EQ(next("0 3 * * *", zurich, before, 2), (Texts{"2026-03-29 01:00:00", "2026-03-30 01:00:00"}));
  EXPECT_EQ(next("*/10 2 * * *", zurich, before, 2), (Texts{"2026-03-29 01:00:00", "2026-03-30 00:00:00"}))
      << "once, however many there were";
  EXPECT_EQ(next("30 1-4 * * *", zurich, before, 4), (Texts{"2026-03-29 00:30:00", "2026-03-29 01:00:00",
                                                            "2026-03-29 01:30:00", "2026-03-29 02:30:00"}));
  EXPECT_EQ(next("0 2,3 * * *", zurich, before, 2), (Texts{"2026-03-29 01:00:00", "2026-03-30 00:00:00"}))
      << "the two are the same moment";
  EXPECT_EQ(next("15 2 * * *", lord_howe, "2026-10-03 00:00:00", 2),
            (Texts{"2026-10-03 15:30:00", "2026-10-04 15:15:00"}));
  EXPECT_EQ(next("0 0 * * *", santiago, "2026-09-05 12:00:00", 2),
            (Texts{"2026-09-06 04:00:00", "2026-09-07 03:00:00"}));
}

TEST(DueTimes, ATimeThatComesTwiceIsDueTheFirstTime) {
  // At 01:00 UTC, from 03:00 to 02:00.
  const char* before = "2026-10-24 12:00:00";
  EXPECT_EQ(next("30 2 * * *", zurich, before, 2), (Texts{"2026-10-25 00:30:00", "2026-10-26 01:30:00"}));
  EXPECT_EQ(next("0 2 * * *", zurich, before, 2), (Texts{"2026-10-25 00:00:00", "2026-10-26 01:00:00"}));
  EXPECT_EQ(next("0 3 * * *", zurich, before, 2), (Texts{"2026-10-25 02:00:00", "2026-10-26 02:00:00"}));
  EXPECT_EQ(next("59 59 2 * * *", zurich, before, 2), (Texts{"2026-10-25 00:59:59", "2026-10-26 01:59:59"}));
  EXPECT_EQ(next("30 1-4 * * *", zurich, before, 4), (Texts{"2026-10-24 23:30:00", "2026-10-25 00:30:00",
                                                            "2026-10-25 02:30:00", "2026-10-25 03:30:00"}));
  // Whoever begins in the second hour is too late.
  EXPECT_EQ(next("30 2 * * *", zurich, "2026-10-25 01:10:00", 1), (Texts{"2026-10-26 01:30:00"}));
  EXPECT_EQ(next("30 2 * * *", zurich, "2026-10-25 00:45:00", 1), (Texts{"2026-10-26 01:30:00"}));
  EXPECT_EQ(next("30 23 * * *", santiago, "2026-04-04 12:00:00", 2),
            (Texts{"2026-04-05 02:30:00", "2026-04-06 03:30:00"}));
}

TEST(DueTimes, WhatHasEveryHourGoesByRealTime) {
  EXPECT_EQ(next("*/30 * * * *", zurich, "2026-10-25 00:00:00", 5),
            (Texts{"2026-10-25 00:30:00", "2026-10-25 01:00:00", "2026-10-25 01:30:00", "2026-10-25 02:00:00",
                   "2026-10-25 02:30:00"}));
  EXPECT_EQ(next("30 * * * *", zurich, "2026-03-29 00:00:00", 3),
            (Texts{"2026-03-29 00:30:00", "2026-03-29 01:30:00", "2026-03-29 02:30:00"}));
  EXPECT_EQ(next("0 * * * *", zurich, "2026-03-29 00:00:00", 2),
            (Texts{"2026-03-29 01:00:00", "2026-03-29 02:00:00"}));
  EXPECT_EQ(next("45 * * * *", lord_howe, "2026-04-04 14:00:00", 3),
            (Texts{"2026-04-04 14:45:00", "2026-04-04 15:15:00", "2026-04-04 16:15:00"}));
}

TEST(DueTimes, FindTheLastOneThatHasGoneBy) {
  const struct {
    const char* cron;
    const char* from;
    const char* until;
    const char* last;
  } rows[] = {
      {"0 9 * * *", "2026-11-26 07:00:00", "2026-11-26 08:00:00", "2026-11-26 08:00:00"},
      {"0 9 * * *", "2026-11-26 07:00:00", "2026-11-28 07:59:59", "2026-11-27 08:00:00"},
      {"0 9 * * *", "2026-11-26 07:00:00", "2026-11-28 08:00:00", "2026-11-28 08:00:00"},
      {"* * * * * *", "1970-01-01 00:00:00", "2026-11-28 08:00:00", "2026-11-28 08:00:00"},
      {"0 0 29 2 *", "1970-01-01 00:00:00", "2026-11-28 08:00:00", "2024-02-28 23:00:00"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(text_of(due_times(row.cron, zurich).last_between(utc(row.from), utc(row.until))), row.last)
        << row.cron << " until " << row.until;
  }
}

TEST(DueTimes, EachComesOnceAndInOrder) {
  for (const char* zone : {zurich, lord_howe, santiago}) {
    for (const char* expression : {"*/7 * * * *", "*/7 1-3 * * *", "0 0,2 * * *", "59 23 * * *"}) {
      const DueTimes times = due_times(expression, zone);
      for (const char* day : {"2026-03-28 00:00:00", "2026-10-24 00:00:00", "2026-04-04 00:00:00",
                              "2026-09-05 00:00:00", "2026-10-03 00:00:00"}) {
        auto due = times.next_after(utc(day));
        for (auto time = utc(day); time < utc(day) + 48h; time += 59s) {
          if (time >= due) {
            const auto after = times.next_after(due);
            ASSERT_GT(after, due);
            due = after;
          }
          ASSERT_EQ(times.next_after(time), due) << expression << ' ' << zone << " at " << text_of(time);
        }
      }
    }
  }
}

}  // namespace
}  // namespace coyield::generators
