#include <coyield/generators/sources/cron.hpp>

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "times.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

CronExpression cron(std::string_view text) {
  std::vector<config::Mistake> mistakes;
  auto parsed = CronExpression::parse(text, mistakes);
  EXPECT_TRUE(mistakes.empty()) << text << ": " << to_string(mistakes.front());
  return parsed.value();
}

Texts next(std::string_view expression, std::string_view from, std::size_t count = 3) {
  const CronExpression parsed = cron(expression);
  Texts all;
  for (auto time = local(from); all.size() < count;) {
    time = parsed.next_after(time);
    all.push_back(text_of(time));
  }
  return all;
}

Texts mistakes_in(std::string_view text) {
  std::vector<config::Mistake> mistakes;
  const auto parsed = CronExpression::parse(text, mistakes);
  EXPECT_EQ(parsed.has_value(), mistakes.empty()) << text;
  Texts all;
  for (const auto& each : mistakes) all.push_back(to_string(each));
  return all;
}

TEST(Cron, SaysWhenItIsDueNext) {
  const struct {
    const char* cron;
    const char* from;
    Texts due;
  } rows[] = {
      // 2026-11-26 is a Thursday.
      {"* * * * *",
       "2026-11-26 09:00:00",
       {"2026-11-26 09:01:00", "2026-11-26 09:02:00", "2026-11-26 09:03:00"}},
      {"* * * * *",
       "2026-11-26 09:00:59",
       {"2026-11-26 09:01:00", "2026-11-26 09:02:00", "2026-11-26 09:03:00"}},
      {"0 9 * * *",
       "2026-11-26 09:00:00",
       {"2026-11-27 09:00:00", "2026-11-28 09:00:00", "2026-11-29 09:00:00"}},
      {"0 9 * * *",
       "2026-11-26 08:59:59",
       {"2026-11-26 09:00:00", "2026-11-27 09:00:00", "2026-11-28 09:00:00"}},
      {"0 9 * * MON-FRI",
       "2026-11-27 09:00:00",
       {"2026-11-30 09:00:00", "2026-12-01 09:00:00", "2026-12-02 09:00:00"}},
      {"*/20 * * * *",
       "2026-12-31 23:30:00",
       {"2026-12-31 23:40:00", "2027-01-01 00:00:00", "2027-01-01 00:20:00"}},
      {"10-30/10 * * * *",
       "2026-11-26 09:15:00",
       {"2026-11-26 09:20:00", "2026-11-26 09:30:00", "2026-11-26 10:10:00"}},
      {"5,50-52 22-23,0 * * *",
       "2026-11-26 23:51:00",
       {"2026-11-26 23:52:00", "2026-11-27 00:05:00", "2026-11-27 00:50:00"}},
      {"30 8-18/5 * * *",
       "2026-11-26 08:30:00",
       {"2026-11-26 13:30:00", "2026-11-26 18:30:00", "2026-11-27 08:30:00"}},
      {"*/25 59 23 * * *",
       "2026-11-26 23:59:25",
       {"2026-11-26 23:59:50", "2026-11-27 23:59:00", "2026-11-27 23:59:25"}},
      {"0 0 1 * *",
       "2026-11-26 09:00:00",
       {"2026-12-01 00:00:00", "2027-01-01 00:00:00", "2027-02-01 00:00:00"}},
      {"0 0 31 * *",
       "2026-11-26 09:00:00",
       {"2026-12-31 00:00:00", "2027-01-31 00:00:00", "2027-03-31 00:00:00"}},
      {"0 0 29 2 *",
       "2026-11-26 09:00:00",
       {"2028-02-29 00:00:00", "2032-02-29 00:00:00", "2036-02-29 00:00:00"}},
      {"0 0 29 FEB *",
       "2096-02-29 00:00:00",
       {"2104-02-29 00:00:00", "2108-02-29 00:00:00", "2112-02-29 00:00:00"}},
      {"0 12 * jan,Jul sun",
       "2026-11-26 09:00:00",
       {"2027-01-03 12:00:00", "2027-01-10 12:00:00", "2027-01-17 12:00:00"}},
      {"0 0 * * 0",
       "2026-11-26 09:00:00",
       {"2026-11-29 00:00:00", "2026-12-06 00:00:00", "2026-12-13 00:00:00"}},
      {"0 0 * * 7",
       "2026-11-26 09:00:00",
       {"2026-11-29 00:00:00", "2026-12-06 00:00:00", "2026-12-13 00:00:00"}},
      {"0 0 * * FRI-SUN",
       "2026-11-26 09:00:00",
       {"2026-11-27 00:00:00", "2026-11-28 00:00:00", "2026-11-29 00:00:00"}},
      {"0 0 * * 6-7",
       "2026-11-29 00:00:00",
       {"2026-12-05 00:00:00", "2026-12-06 00:00:00", "2026-12-12 00:00:00"}},
      {"0 0 * * SUN-TUE/2",
       "2026-11-29 00:00:00",
       {"2026-12-01 00:00:00", "2026-12-06 00:00:00", "2026-12-08 00:00:00"}},
      // Either day is enough, unless one of the fields begins with a star.
      {"0 0 13 * FRI",
       "2026-11-26 09:00:00",
       {"2026-11-27 00:00:00", "2026-12-04 00:00:00", "2026-12-11 00:00:00"}},
      {"0 0 13 * FRI",
       "2026-12-11 00:00:00",
       {"2026-12-13 00:00:00", "2026-12-18 00:00:00", "2026-12-25 00:00:00"}},
      {"0 0 */2 * MON",
       "2026-11-26 09:00:00",
       {"2026-12-07 00:00:00", "2026-12-21 00:00:00", "2027-01-11 00:00:00"}},
      {"0 0 1-7 * */6",
       "2026-11-26 09:00:00",
       {"2026-12-05 00:00:00", "2026-12-06 00:00:00", "2027-01-02 00:00:00"}},
      {"@hourly",
       "2026-11-26 09:30:00",
       {"2026-11-26 10:00:00", "2026-11-26 11:00:00", "2026-11-26 12:00:00"}},
      {"@daily",
       "2026-11-26 09:30:00",
       {"2026-11-27 00:00:00", "2026-11-28 00:00:00", "2026-11-29 00:00:00"}},
      {"@Weekly",
       "2026-11-26 09:30:00",
       {"2026-11-29 00:00:00", "2026-12-06 00:00:00", "2026-12-13 00:00:00"}},
      {"@monthly",
       "2026-11-26 09:30:00",
       {"2026-12-01 00:00:00", "2027-01-01 00:00:00", "2027-02-01 00:00:00"}},
      {"@yearly",
       "2026-11-26 09:30:00",
       {"2027-01-01 00:00:00", "2028-01-01 00:00:00", "2029-01-01 00:00:00"}},
      {" \t0  9\t* * * ",
       "2026-11-26 09:30:00",
       {"2026-11-27 09:00:00", "2026-11-28 09:00:00", "2026-11-29 09:00:00"}},
  };
  for (const auto& row : rows) EXPECT_EQ(next(row.cron, row.from), row.due) << row.cron;
}

TEST(Cron, FindsTheRarestDayThatThereIs) {
  // A 29th of February at a weekend: both are asked for, since one of the fields begins with a star.
  EXPECT_EQ(next("0 0 29 2 */6", "2026-11-26 09:00:00", 2),
            (Texts{"2032-02-29 00:00:00", "2048-02-29 00:00:00"}));
  EXPECT_EQ(next("0 0 29 2 */6", "2088-03-01 00:00:00", 1), (Texts{"2116-02-29 00:00:00"}));
}

TEST(Cron, KnowsWhetherItSaysAnythingOfTheHour) {
  EXPECT_TRUE(cron("* * * * *").every_hour());
  EXPECT_TRUE(cron("30 * 1 1 *").every_hour());
  EXPECT_TRUE(cron("0 0-23 * * *").every_hour());
  EXPECT_FALSE(cron("0 */2 * * *").every_hour());
  EXPECT_FALSE(cron("* 2 * * *").every_hour());
  EXPECT_FALSE(cron("@daily").every_hour());
}

TEST(Cron, MeansTheSameInOtherWords) {
  EXPECT_EQ(cron("0 9 * * *"), cron("0 0 9 * * *"));
  EXPECT_EQ(cron("@annually"), cron("@yearly"));
  EXPECT_EQ(cron("@midnight"), cron("@daily"));
  EXPECT_EQ(cron("0 0 * 1-3 1-5"), cron("0 0 * Jan-MAR mon-fri"));
  EXPECT_EQ(cron("0 0 * * 1-7"), cron("0 0 * * MON-SUN"));
  EXPECT_EQ(cron("1,2,3 0 * * *"), cron("1-3 0 * * *"));
}

TEST(Cron, SaysWhatToWriteInstead) {
  const std::pair<const char*, Texts> rows[] = {
      {"",
       {"has 0 fields; write five: minute, hour, day of the month, month, day of the week, as in \"0 9 * * "
        "MON-FRI\"; or six, with the second in front"}},
      {"0 9 * *",
       {"has 4 fields; write five: minute, hour, day of the month, month, day of the week, as in \"0 9 * * "
        "MON-FRI\"; or six, with the second in front"}},
      {"daily",
       {"has 1 field; write five: minute, hour, day of the month, month, day of the week, as in \"0 9 * * "
        "MON-FRI\"; or six, with the second in front"}},
      {"@reboot",
       {"\"@reboot\" is no time; write \"@hourly\", \"@daily\", \"@weekly\", \"@monthly\", \"@yearly\", or "
        "five fields"}},
      {"0 25 * * *", {"\"25\" is no hour; write 0 to 23"}},
      {"60 24 0 13 8",
       {"\"60\" is no minute; write 0 to 59", "\"24\" is no hour; write 0 to 23",
        "\"0\" is no day of the month; write 1 to 31", "\"13\" is no month; write 1 to 12, or JAN to DEC",
        "\"8\" is no day of the week; write 0 to 6, or SUN to SAT"}},
      {"61 0 0 * * *", {"\"61\" is no second; write 0 to 59"}},
      {"0 9 * * MONDAY", {"\"MONDAY\" is no day of the week; write 0 to 6, or SUN to SAT"}},
      {"0 9 ? * L",
       {"\"?\" is no day of the month; write 1 to 31",
        "\"L\" is no day of the week; write 0 to 6, or SUN to SAT"}},
      {"0 9 -1 * *", {"the day of the month has an empty part; write \"*\", or a number"}},
      {"1,,2 9 * * *", {"the minute has an empty part; write \"*\", or a number"}},
      {"0 22-5 * * *", {"\"22-5\" ends before it begins; write \"22-23,0-5\""}},
      {"0 0 * * SAT-TUE", {"\"SAT-TUE\" ends before it begins; write \"6-6,0-2\""}},
      {"*/0 * * * *", {"\"*/0\" has no step behind the slash; write a number, as in \"*/5\""}},
      {"*/ * * * *", {"\"*/\" has no step behind the slash; write a number, as in \"*/5\""}},
      {"5/15 * * * *", {"\"5/15\" has a step and no range; write \"5-59/15\""}},
      {"*/90 * * * *", {"\"*/90\" steps over all but the first minute; write \"0\""}},
      {"1-5/5 * * * *", {"\"1-5/5\" steps over all but the first minute; write \"1\""}},
      {"1-x/y * * * *",
       {"\"x\" is no minute; write 0 to 59",
        "\"1-x/y\" has no step behind the slash; write a number, as in \"*/5\""}},
      {"0 0 30 2 *", {"\"0 0 30 2 *\" never comes; name a day that its months have"}},
      {"0 0 31 2,4,6,9,11 *", {"\"0 0 31 2,4,6,9,11 *\" never comes; name a day that its months have"}},
      {"0 0 99999999999 * *", {"\"99999999999\" is no day of the month; write 1 to 31"}},
  };
  for (const auto& [text, mistakes] : rows) EXPECT_EQ(mistakes_in(text), mistakes) << text;
  EXPECT_EQ(mistakes_in("0 0 30 2 MON"), Texts{}) << "the Mondays of February come";
}

/// Some values from a range, as a list.
std::string some(std::minstd_rand& chance, int first, int last, std::set<int>& values) {
  if (chance() % 3 == 0) {
    for (int value = first; value <= last; ++value) values.insert(value);
    return "*";
  }
  std::string text;
  for (auto n = chance() % 4 + 1; n > 0; --n) {
    const int value = first + static_cast<int>(chance() % static_cast<unsigned>(last - first + 1));
    values.insert(value);
    text += (text.empty() ? "" : ",") + std::to_string(value);
  }
  return text;
}

TEST(Cron, FindsWhatSomebodyFindsWhoLooksAtEveryMinute) {
  std::minstd_rand chance(20261126);
  for (int round = 0; round < 200; ++round) {
    std::set<int> minutes, hours, days, months, weekdays;
    const std::string day = some(chance, 1, 31, days);
    const std::string weekday = some(chance, 0, 6, weekdays);
    const std::string expression = some(chance, 0, 59, minutes) + ' ' + some(chance, 0, 23, hours) + ' ' +
                                   day + ' ' + some(chance, 1, 12, months) + ' ' + weekday;
    std::vector<config::Mistake> mistakes;
    const auto parsed = CronExpression::parse(expression, mistakes);
    if (!parsed) continue;  // the 30th of February
    const auto begin = local("2026-01-01 00:00:00") + std::chrono::minutes(chance() % 500'000);
    const auto meant = [&](std::chrono::local_seconds time) {
      const std::time_t seconds = time.time_since_epoch().count();
      std::tm parts = {};
      ::gmtime_r(&seconds, &parts);
      const bool in_month = days.contains(parts.tm_mday);
      const bool in_week = weekdays.contains(parts.tm_wday);
      const bool either = day != "*" && weekday != "*";
      return minutes.contains(parts.tm_min) && hours.contains(parts.tm_hour) &&
             months.contains(parts.tm_mon + 1) && (either ? in_month || in_week : in_month && in_week);
    };
    auto time = begin + 1min;
    while (!meant(time) && time < begin + 24h * 400) time += 1min;
    if (meant(time)) {
      EXPECT_EQ(text_of(parsed->next_after(begin)), text_of(time)) << expression;
    } else {
      EXPECT_GT(parsed->next_after(begin), time) << expression;
    }
  }
}

}  // namespace
}  // namespace coyield::generators
