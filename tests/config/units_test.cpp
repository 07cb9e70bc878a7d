#include <coyield/config/units.hpp>

#include <gtest/gtest.h>

#include <random>

namespace coyield::config {
namespace {

using namespace std::chrono_literals;

TEST(Units, DurationsAreReadInEveryUnit) {
  struct Row {
    const char* text;
    std::chrono::nanoseconds expected;
  };
  for (const auto& row : {Row{"0s", 0ns}, Row{"100ns", 100ns}, Row{"500us", 500us}, Row{"250ms", 250ms},
                          Row{"1.5s", 1500ms}, Row{"10m", 10min}, Row{"1h", 1h}, Row{"0.1s", 100ms},
                          Row{"0.000000001s", 1ns}, Row{"1.500000000000s", 1500ms}, Row{"007s", 7s},
                          Row{"9223372036854775807ns", std::chrono::nanoseconds::max()}}) {
    EXPECT_EQ(parse_duration(row.text).value(), row.expected) << row.text;
  }
}

TEST(Units, SizesAreReadInPowersOf1000AndOf1024) {
  struct Row {
    const char* text;
    std::uint64_t expected;
  };
  for (const auto& row : {Row{"0B", 0}, Row{"512B", 512}, Row{"64KiB", 65536}, Row{"1MiB", 1048576},
                          Row{"10MB", 10'000'000}, Row{"1.5KB", 1500}, Row{"0.25KiB", 256},
                          Row{"2GiB", 2147483648}, Row{"1GB", 1'000'000'000}, Row{"1TB", 1'000'000'000'000},
                          Row{"1TiB", 1099511627776}, Row{"18446744073709551615B", 18446744073709551615u}}) {
    EXPECT_EQ(parse_size(row.text).value().bytes, row.expected) << row.text;
  }
}

struct BadRow {
  const char* text;
  const char* message;
};

TEST(Units, EveryMistakeInADurationSaysWhatToWrite) {
  for (const auto& row : {
           BadRow{"10", R"("10" has no unit; write "10ms" or "10s")"},
           BadRow{"0", R"("0" has no unit; write "0s")"},
           BadRow{"1.5", R"("1.5" has no unit; write "1.5ms" or "1.5s")"},
           BadRow{"", R"("" is not a duration; write "10ms" or "10s")"},
           BadRow{"soon", R"("soon" is not a duration; write "10ms" or "10s")"},
           BadRow{"-5s", R"("-5s" is negative; write "10ms" or "10s")"},
           BadRow{"5.s", R"("5.s" lacks the digit behind the point; write "5s")"},
           BadRow{"5.", R"("5." lacks the digit behind the point; write "5ms" or "5s")"},
           BadRow{".5s", R"(".5s" lacks the digit before the point; write "0.5s")"},
           BadRow{"10 s", R"("10 s" has a blank in it; write "10s")"},
           BadRow{"10S", R"("10S" has the unknown unit "S"; write "10s")"},
           BadRow{"10sec", R"("10sec" has the unknown unit "sec"; write "10s")"},
           BadRow{"2 minutes", R"("2 minutes" has the unknown unit "minutes"; write "2m")"},
           BadRow{"10\u00B5s", "\"10\u00B5s\" has the unknown unit \"\u00B5s\"; write \"10us\""},
           BadRow{"3d", R"("3d" has the unknown unit "d"; the units are ns, us, ms, s, m and h)"},
           BadRow{"10KiB", R"("10KiB" has the unknown unit "KiB"; the units are ns, us, ms, s, m and h)"},
           BadRow{"1.5ns", R"("1.5ns" is finer than a nanosecond; write fewer decimals)"},
           BadRow{"0.0000000001h", R"("0.0000000001h" is finer than a nanosecond; write fewer decimals)"},
           BadRow{"2562048h", R"("2562048h" is too large; the most is "2562047h")"},
           BadRow{"9223372036854775808ns", R"("9223372036854775808ns" is too large; the most is "2562047h")"},
           BadRow{"99999999999999999999999s",
                  R"("99999999999999999999999s" is too large; the most is "2562047h")"},
           BadRow{"1s\n", R"("1s\n" has the unknown unit "s\n"; the units are ns, us, ms, s, m and h)"},
       }) {
    auto duration = parse_duration(row.text);
    ASSERT_FALSE(duration) << row.text;
    EXPECT_EQ(to_string(duration.error()), row.message);
  }
}

TEST(Units, EveryMistakeInASizeSaysWhatToWrite) {
  for (const auto& row : {
           BadRow{"64", R"("64" has no unit; write "64B" or "64KiB")"},
           BadRow{"65536", R"("65536" has no unit; write "64KiB")"},
           BadRow{"0", R"("0" has no unit; write "0B")"},
           BadRow{"64k", R"("64k" has the unknown unit "k"; write "64KiB")"},
           BadRow{"64kb", R"("64kb" has the unknown unit "kb"; write "64KB")"},
           BadRow{"1mib", R"("1mib" has the unknown unit "mib"; write "1MiB")"},
           BadRow{"64 KiB", R"("64 KiB" has a blank in it; write "64KiB")"},
           BadRow{"large", R"("large" is not a size; write "10B" or "10KiB")"},
           BadRow{"0.5B", R"("0.5B" is finer than a byte; write fewer decimals)"},
           BadRow{"16777216TiB", R"("16777216TiB" is too large; the most is "16777215TiB")"},
           BadRow{
               "1PB",
               R"("1PB" has the unknown unit "PB"; the units are B, KB, MB, GB, TB, KiB, MiB, GiB and TiB)"},
       }) {
    auto size = parse_size(row.text);
    ASSERT_FALSE(size) << row.text;
    EXPECT_EQ(to_string(size.error()), row.message);
  }
}

TEST(Units, ValuesAreWrittenAsShortAsTheyCanBe) {
  EXPECT_EQ(format_duration(0ns), "0s");
  EXPECT_EQ(format_duration(1ns), "1ns");
  EXPECT_EQ(format_duration(250ms), "250ms");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(60s), "1m");
  EXPECT_EQ(format_duration(30min), "30m");
  EXPECT_EQ(format_duration(24h), "24h");
  EXPECT_EQ(format_duration(-5s), "-5s");
  EXPECT_EQ(format_size({0}), "0B");
  EXPECT_EQ(format_size({512}), "512B");
  EXPECT_EQ(format_size({1024}), "1KiB");
  EXPECT_EQ(format_size({65536}), "64KiB");
  EXPECT_EQ(format_size({1'000'000}), "1MB");
  EXPECT_EQ(format_size({1536u << 20}), "1.5GiB");
  EXPECT_EQ(format_size({1025}), "1025B");
}

TEST(Units, WhatIsWrittenReadsBackAsTheSame) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 4'000; ++i) {
    const auto value = random() >> (random() % 64);
    EXPECT_EQ(parse_size(format_size({value})).value().bytes, value);
    const std::chrono::nanoseconds duration(static_cast<std::int64_t>(value >> 1));
    EXPECT_EQ(parse_duration(format_duration(duration)).value(), duration);
  }
}

TEST(Units, AnUncheckedMistakeThrowsItsSentence) {
  try {
    parse_duration("10").value();
    FAIL() << "10 was accepted";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), R"("10" has no unit; write "10ms" or "10s")");
  }
}

}  // namespace
}  // namespace coyield::config
