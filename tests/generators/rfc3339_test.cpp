#include <coyield/generators/rfc3339.hpp>

#include <gtest/gtest.h>

#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

std::string written(std::chrono::nanoseconds time) {
  Buffer out;
  append_rfc3339(out, time);
  return std::string(out.view());
}

TEST(Rfc3339, WritesAsManyDecimalsAsThereAre) {
  EXPECT_EQ(written(0s), "1970-01-01T00:00:00Z");
  EXPECT_EQ(written(1'795'770'000s), "2026-11-27T09:00:00Z");
  EXPECT_EQ(written(1'704'067'199s + 250ms), "2023-12-31T23:59:59.25Z");
  EXPECT_EQ(written(1ns), "1970-01-01T00:00:00.000000001Z");
  EXPECT_EQ(written(-1ns), "1969-12-31T23:59:59.999999999Z");
  EXPECT_EQ(written(std::chrono::nanoseconds::max()), "2262-04-11T23:47:16.854775807Z");
  EXPECT_EQ(written(std::chrono::nanoseconds::min()), "1677-09-21T00:12:43.145224192Z");
}

TEST(Rfc3339, ReadsWhatOthersWrite) {
  const struct {
    const char* text;
    std::chrono::nanoseconds time;
  } rows[] = {
      {"1970-01-01T00:00:00Z", 0s},
      {"2024-02-29t12:30:00z", 1'709'209'800s},
      {"2024-02-29 12:30:00Z", 1'709'209'800s},
      {"2024-02-29T13:30:00+01:00", 1'709'209'800s},
      {"2024-02-29T09:00:00-03:30", 1'709'209'800s},
      {"2024-02-29T12:30:00.5Z", 1'709'209'800s + 500ms},
      {"2024-02-29T12:30:00.000000001999Z", 1'709'209'800s + 1ns},
      {"2016-12-31T23:59:60Z", 1'483'228'800s},
      {"1969-12-31T23:59:59.75-00:00", -250ms},
  };
  for (const auto& row : rows) EXPECT_EQ(parse_rfc3339(row.text), row.time) << row.text;
}

TEST(Rfc3339, ReadsWhatItWrites) {
  for (const auto time : {0ns, 1ns, -1ns, 1'795'770'000'123'456'789ns, -5'000'000'000'000'000'001ns})
    EXPECT_EQ(parse_rfc3339(written(time)), time) << written(time);
}

TEST(Rfc3339, TakesNothingElse) {
  for (const char* text : {"",
                           "2024",
                           "2024-02-29",
                           "2024-02-29T12:30:00",
                           "2024-02-29T12:30Z",
                           "2024-02-30T12:30:00Z",
                           "2023-02-29T12:30:00Z",
                           "2024-13-01T12:30:00Z",
                           "2024-00-01T12:30:00Z",
                           "2024-02-29T24:00:00Z",
                           "2024-02-29T12:60:00Z",
                           "2024-02-29T12:30:61Z",
                           "2024-02-29T12:30:00.Z",
                           "2024-02-29T12:30:00+0100",
                           "2024-02-29T12:30:00+24:00",
                           "2024-02-29T12:30:00Z ",
                           " 2024-02-29T12:30:00Z",
                           "24-02-29T12:30:00Z",
                           "2024-2-29T12:30:00Z",
                           "2024-02-29T12:30:00.5",
                           "1500-01-01T00:00:00Z",
                           "2300-01-01T00:00:00Z",
                           "+2024-02-29T12:30:00Z",
                           "1709209800"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace coyield::generators
