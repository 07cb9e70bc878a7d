#include <coyield/generators/sources/time_zone.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>

#include "temporary_directory.hpp"
#include "times.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

struct Change {
  std::int64_t time;
  char kind;
};

std::string big_endian(std::int64_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(number >> (8 * i));
  return text;
}

/// One of the two halves of a file.
std::string half(char version, int time_size, const std::vector<Change>& changes,
                 const std::vector<std::int32_t>& offsets, int leaps = 0) {
  std::string text = std::string("TZif") + version + std::string(15, '\0');
  for (const auto n : {std::size_t{0}, std::size_t{0}, static_cast<std::size_t>(leaps), changes.size(),
                       offsets.size(), std::size_t{4}})
    text += big_endian(static_cast<std::int64_t>(n), 4);
  for (const Change& each : changes) text += big_endian(each.time, time_size);
  for (const Change& each : changes) text += each.kind;
  for (const std::int32_t offset : offsets) text += big_endian(offset, 4) + std::string(2, '\0');
  text += std::string("ABC\0", 4) + std::string(static_cast<std::size_t>(leaps) * (time_size + 4U), '\0');
  return text;
}
std::string file(const std::vector<Change>& changes, const std::vector<std::int32_t>& offsets,
                 const std::string& rule = "") {
  return half('2', 4, {}, {0}) + half('2', 8, changes, offsets) + '\n' + rule + '\n';
}

// The clocks are set forward at 1000 and back at 5000.
const std::vector<Change> forth_and_back = {{1000, 1}, {5000, 2}};
const std::vector<std::int32_t> offsets = {60, 3660, 120};

std::chrono::sys_seconds at(std::int64_t seconds) {
  return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}
std::chrono::local_seconds shown(std::int64_t seconds) {
  return std::chrono::local_seconds(std::chrono::seconds(seconds));
}

TEST(TimeZone, KnowsThePeriodsOfItsFile) {
  const TimeZone zone = TimeZone::parse(file(forth_and_back, offsets)).value();
  EXPECT_EQ(zone.at(at(-1)).offset, 60s);
  EXPECT_EQ(zone.at(at(-1)).begin, std::chrono::sys_seconds::min());
  EXPECT_EQ(zone.at(at(999)).offset, 60s);
  EXPECT_EQ(zone.at(at(999)).end, at(1000));
  EXPECT_EQ(zone.at(at(1000)).offset, 3660s);
  EXPECT_EQ(zone.at(at(4999)).begin, at(1000));
  EXPECT_EQ(zone.at(at(4999)).end, at(5000));
  EXPECT_EQ(zone.at(at(5000)).offset, 120s);
  EXPECT_EQ(zone.at(at(INT32_MAX)).end, std::chrono::sys_seconds::max());
}

TEST(TimeZone, KnowsWhenItsClocksShowATime) {
  const TimeZone zone = TimeZone::parse(file(forth_and_back, offsets)).value();
  const std::pair<std::int64_t, std::int64_t> rows[] = {
      {0, -60},     {1059, 999},  {1060, 1000}, {1061, 1000}, {4659, 1000}, {4660, 1000},
      {4661, 1001}, {5120, 1460}, {8659, 4999}, {8660, 8540}, {8661, 8541}, {5119, 1459},
  };
  for (const auto& [local, utc] : rows) EXPECT_EQ(zone.to_utc(shown(local)), at(utc)) << local;
  auto before = zone.to_utc(shown(0));
  for (std::int64_t local = 1; local < 10'000; ++local) {
    const auto utc = zone.to_utc(shown(local));
    EXPECT_GE(utc, before);
    before = utc;
  }
}

TEST(TimeZone, GoesOnByTheRuleBehindTheLastChange) {
  const TimeZone zone = TimeZone::parse(file(forth_and_back, offsets, "CET-1CEST,M3.5.0,M10.5.0/3")).value();
  EXPECT_EQ(zone.at(at(4999)).offset, 3660s);
  EXPECT_EQ(zone.at(at(5000)).offset, 1h);
  EXPECT_EQ(zone.at(at(5000)).begin, at(5000));
  EXPECT_EQ(zone.at(utc("2050-07-01 00:00:00")).offset, 2h);
  EXPECT_EQ(text_of(zone.to_utc(local("2050-07-01 00:00:00"))), "2050-06-30 22:00:00");
  EXPECT_EQ(text_of(zone.to_utc(local("2026-03-29 02:30:00"))), "2026-03-29 01:00:00");
  EXPECT_EQ(text_of(zone.to_utc(local("2026-10-25 02:30:00"))), "2026-10-25 00:30:00");
}

TEST(TimeZone, ReadsFilesOfTheFirstVersionAndFilesWithoutAChange) {
  const TimeZone old = TimeZone::parse(half('\0', 4, forth_and_back, offsets)).value();
  EXPECT_EQ(old.at(at(1000)).offset, 3660s);
  EXPECT_EQ(TimeZone::parse(file({}, {-3600})).value().at(at(0)).offset, -1h);
  EXPECT_EQ(TimeZone::parse(file({}, {0}, "<+03>-3")).value().at(at(0)).offset, 3h);
}

TEST(TimeZone, TakesNothingElse) {
  const std::string good = file(forth_and_back, offsets, "CET-1");
  ASSERT_TRUE(TimeZone::parse(good));
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(TimeZone::parse(std::string_view(good).substr(0, size))) << size;
  EXPECT_FALSE(TimeZone::parse(file({{1000, 3}}, offsets))) << "there is no such offset";
  EXPECT_FALSE(TimeZone::parse(file({{1000, 1}, {999, 2}}, offsets))) << "it goes back";
  EXPECT_FALSE(TimeZone::parse(file({}, {}))) << "it has no offset";
  EXPECT_FALSE(TimeZone::parse(file({}, {100'000}))) << "more than a day";
  EXPECT_FALSE(TimeZone::parse(file({}, {0}, "nonsense")));
  EXPECT_FALSE(TimeZone::parse(half('\0', 4, {}, {0}, 1))) << "it counts leap seconds";
  std::string large = good;
  large[32] = '\x7f';  // how many changes there are
  EXPECT_FALSE(TimeZone::parse(large));
}

class ZoneFilesOfATest : public ::testing::Test {
 protected:
  ZoneFilesOfATest() {
    files.directory = (directory.path() / "zones").string();
    files.local = directory.write("localtime", file({}, {60}));
    directory.write("zones/Europe/Zurich", file({}, {3600}));
    directory.write("zones/Etc/GMT+1", file({}, {-3600}));
    directory.write("zones/tables", "no zone");
    directory.write("secret", file({}, {7200}));
  }
  std::chrono::seconds offset(const std::string& name) {
    const auto zone = find_time_zone(name, files);
    return zone ? zone->at(at(0)).offset : -1s;
  }

  TemporaryDirectory directory;
  ZoneFiles files;
};

TEST_F(ZoneFilesOfATest, AreFoundByTheirNames) {
  EXPECT_EQ(offset("UTC"), 0s);
  EXPECT_EQ(offset("Europe/Zurich"), 3600s);
  EXPECT_EQ(offset("Etc/GMT+1"), -3600s);
  for (const std::string name : {"", "Europe", "Europe/", "europe/zurich", "Mars/Base", "tables", "../secret",
                                 "Europe/../../secret", "/etc/localtime", "utc"})
    EXPECT_EQ(offset(name), -1s) << name;
  EXPECT_EQ(offset((directory.path() / "secret").string()), -1s);
  EXPECT_EQ(to_string(find_time_zone("Mars/Base", files).error()),
            R"("Mars/Base" is no time zone that this machine knows; write "UTC", "local", or a name as )"
            R"("Europe/Zurich")");
}

TEST_F(ZoneFilesOfATest, SayWhatIsLocal) {
  EXPECT_EQ(offset("local"), 60s);
  const std::pair<std::string, std::chrono::seconds> rows[] = {
      {"Europe/Zurich", 3600s},
      {":Europe/Zurich", 3600s},
      {files.local, 60s},
      {"<+03>-3", 3h},
      {"EST5EDT,M3.2.0,M11.1.0", -5h},
      {"UTC", 0s},
      {"UTC0", 0s},
  };
  for (const auto& [variable, expected] : rows) {
    files.variable = variable;
    EXPECT_EQ(offset("local"), expected) << variable;
  }
  files.variable = "Mars/Base";
  EXPECT_FALSE(find_time_zone("local", files));
  files.variable = "";
  files.local = (directory.path() / "nowhere").string();
  EXPECT_EQ(offset("local"), 0s) << "a machine that says nothing is at UTC";
}

TEST(TimeZone, AgreesWithTheSystem) {
  bool any = false;
  for (const char* name :
       {"Europe/Zurich", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca",
        "America/Sao_Paulo", "Pacific/Apia", "Europe/Dublin", "Antarctica/Troll", "America/Nuuk"}) {
    const auto zone = find_time_zone(name);
    if (!zone) continue;
    any = true;
    const SystemZone system(name);
    for (auto time = utc("1950-01-01 00:00:00"); time < utc("2060-01-01 00:00:00"); time += 31h + 13min)
      ASSERT_EQ(zone->at(time).offset, system.offset(time)) << name << " at " << text_of(time);
  }
  if (!any) GTEST_SKIP() << "there are no time zones on this machine";
}

}  // namespace
}  // namespace coyield::generators
