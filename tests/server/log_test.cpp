#include <coyield/server/log.hpp>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace coyield::server {
namespace {

using config::LogFormat;
using config::LogLevel;

constexpr std::string_view time = "2026-11-23T16:20:31.042Z";

TEST(LogLine, IsReadableAsText) {
  EXPECT_EQ(log_line(LogFormat::text, time, LogLevel::info, "listening", {{"address", "127.0.0.1:8080"}}),
            "2026-11-23T16:20:31.042Z info listening address=127.0.0.1:8080");
}

TEST(LogLine, QuotesAValueThatCouldBeTakenForMore) {
  EXPECT_EQ(
      log_line(LogFormat::text, time, LogLevel::error, "failed", {{"error", "no such file"}, {"a", ""}}),
      R"(2026-11-23T16:20:31.042Z error failed error="no such file" a="")");
}

TEST(LogLine, LetsNoValueForgeALine) {
  for (const LogFormat format : {LogFormat::text, LogFormat::json}) {
    const std::string line = log_line(format, time, LogLevel::warning, "refused",
                                      {{"reason", "x\n2026 info fine\r\"} level=error"}});
    EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(line.find('\r'), std::string::npos);
  }
}

TEST(LogLine, IsOneObjectAsJson) {
  const auto line = nlohmann::json::parse(log_line(LogFormat::json, time, LogLevel::debug, "refused",
                                                   {{"client", "[::1]:80"}, {"reason", "\"\x01\xff"}}));
  const nlohmann::json expected = {{"ts", time},
                                   {"level", "debug"},
                                   {"event", "refused"},
                                   {"client", "[::1]:80"},
                                   {"reason", "\"\x01\xEF\xBF\xBD"}};
  EXPECT_EQ(line, expected);
}

}  // namespace
}  // namespace coyield::server
