#include <coyield/generators/sources/time_stamp.hpp>

#include <gtest/gtest.h>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using Time = std::optional<nanoseconds>;

Time time_of(std::string_view json, std::string_view unit) {
  return time_of(JsonValue::json(json), parse_time_format(unit));
}

TEST(TimeStamp, IsReadInTheUnitThatIsSaid) {
  const struct {
    const char* json;
    const char* unit;
    Time time;
  } rows[] = {
      {"1700000000", "s", 1'700'000'000s},
      {"1700000000", "ms", 1'700'000s},
      {"1700000000", "us", 1700s},
      {"1700000000", "ns", 1700ms},
      {"1700000000.25", "s", 1'700'000'000s + 250ms},
      {"0.5", "ms", 500us},
      {"1.7e9", "s", 1'700'000'000s},
      {"-1.5", "s", -1500ms},
      {"1700000000123456789", "ns", 1'700'000'000'123'456'789ns},
      {R"("2023-11-14T22:13:20Z")", "rfc3339", 1'700'000'000s},
  };
  for (const auto& row : rows) EXPECT_EQ(time_of(row.json, row.unit), row.time) << row.json << row.unit;
}

TEST(TimeStamp, IsGuessed) {
  for (const char* json :
       {"1700000000", "1700000000000", "1700000000000000", "1700000000000000000", "1700000000.0", "1.7e12",
        R"("2023-11-14T22:13:20Z")", R"("2023-11-14 23:13:20+01:00")", R"("2023-11-14T22:13:20\u005a")"})
    EXPECT_EQ(time_of(json, "auto"), 1'700'000'000s) << json;
  EXPECT_EQ(time_of("0", "auto"), 0s);
  EXPECT_EQ(time_of("9000000000", "auto"), 9'000'000'000s);
  EXPECT_EQ(time_of("99999999999", "auto"), Time()) << "seconds, and too many";
  EXPECT_EQ(time_of("100000000000", "auto"), 100'000'000s);
  EXPECT_EQ(time_of("-100000000000", "auto"), -100'000'000s);
  EXPECT_EQ(time_of("100000000000000", "auto"), 100'000'000s);
  EXPECT_EQ(time_of("100000000000000000", "auto"), 100'000'000s);
}

TEST(TimeStamp, IsNoneInAnotherFormAndBeyondWhatCanBeCounted) {
  for (const char* json : {"null", "true", "{}", "[1700000000]", R"("soon")", R"("1700000000")", "1e300",
                           "1e400", "-1e30", "9223372037"}) {
    EXPECT_EQ(time_of(json, "s"), Time()) << json;
  }
  EXPECT_EQ(time_of(JsonValue(), TimeFormat::guess), Time());
  EXPECT_EQ(time_of("1700000000", "rfc3339"), Time());
  EXPECT_EQ(time_of(R"("2023-11-14T22:13:20Z")", "s"), Time());
  EXPECT_EQ(time_of("18446744073709551615", "ns"), Time());
  EXPECT_EQ(time_of("18446744073709551615", "auto"), Time());
}

}  // namespace
}  // namespace coyield::generators
