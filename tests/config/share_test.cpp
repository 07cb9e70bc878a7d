#include <coyield/config/load.hpp>
#include <coyield/config/since.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

using namespace std::chrono_literals;

Loaded<Configuration> load_share(const std::string& share, const std::string& beside = {}) {
  return load(R"({"endpoints": {"/t/{n}": {"source": "counter", "share": )" + share + beside + "}}}", "f",
              sample::catalogue(), sample::environment({}));
}
std::optional<Share> share_of(const std::string& text) {
  auto loaded = load_share(text);
  EXPECT_TRUE(loaded) << loaded.error();
  return loaded ? loaded->endpoints.front().share : std::nullopt;
}
std::string problem_of(const std::string& text, const std::string& beside = {}) {
  auto loaded = load_share(text, beside);
  EXPECT_FALSE(loaded) << text;
  return loaded ? std::string() : loaded.error().text();
}

TEST(ShareConfig, AnEmptyOneHasTheDefaults) { EXPECT_EQ(share_of("{}"), Share{}); }

TEST(ShareConfig, EveryKeyIsRead) {
  Share expected;
  expected.replay = {.items = 10, .bytes = 1024 * 1024, .age = 10min};
  expected.queue = {.items = 5, .bytes = 2048};
  expected.slow = Slow::drop_newest;
  expected.start = ShareStart::at_once;
  expected.linger = 5s;
  expected.restart = ShareRestart::always;
  expected.since = 3;
  expected.max_instances = 7;
  EXPECT_EQ(share_of(R"({ "replay": { "items": 10, "bytes": "1MiB", "age": "10m" },
                          "queue": { "items": 5, "bytes": "2KiB" }, "slow": "drop_newest", "start": "at_once",
                          "linger": "5s", "restart": "always", "since": "-3", "max_instances": 7 })"),
            expected);
}

TEST(ShareConfig, ANumberIsOneOfItems) {
  const auto share = share_of(R"({ "replay": 100, "queue": 20 })");
  EXPECT_EQ(share->replay.items, 100U);
  EXPECT_EQ(share->queue.items, 20U);
}

TEST(ShareConfig, NothingIsWithoutABoundInBytes) {
  EXPECT_EQ(share_of(R"({ "replay": { "age": "1h" } })")->replay.bytes, 64U * 1024 * 1024);
  EXPECT_EQ(share_of(R"({ "queue": { "items": 1000000 } })")->queue.bytes, 1024U * 1024);
}

TEST(ShareConfig, MistakesSayWhatToWrite) {
  EXPECT_EQ(problem_of(R"({ "slow": "drop" })").find("f:1: endpoints./t/{n}.share.slow: "), 0U);
  EXPECT_NE(problem_of(R"({ "since": "5" })").find(R"("5" is no place to begin at; write "latest")"),
            std::string::npos);
  EXPECT_NE(problem_of(R"({ "queue": 0 })").find("share.queue"), std::string::npos);
  EXPECT_NE(problem_of(R"({ "replay": { "item": 5 } })").find(R"(did you mean "items"?)"), std::string::npos);
  EXPECT_NE(problem_of("true").find("is not an object"), std::string::npos);
  EXPECT_NE(problem_of("{}", R"(, "input": true)").find("cannot reach a generator that others read"),
            std::string::npos);
}

TEST(ShareConfig, WhatWaitsForARequestCannotStartAtOnce) {
  const std::string text =
      R"({"endpoints": {"/t/{n}": {"source": {"counter": {"from": "${path.n}"}}, "share": {"start": "at_once"}}}})";
  auto loaded = load(text, "f", sample::catalogue(), sample::environment({}));
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().text().find("nothing can start at once that waits for ${path.n}"),
            std::string::npos)
      << loaded.error().text();
}

TEST(Since, IsAWordOrANumberOfItems) {
  EXPECT_EQ(parse_since("latest").value(), 0U);
  EXPECT_EQ(parse_since("-12").value(), 12U);
  EXPECT_EQ(parse_since("earliest").value(), Share::earliest);
  EXPECT_EQ(parse_since("start").value(), Share::start_of_source);
  EXPECT_EQ(parse_since("-99999999999999999999999").value(), Share::earliest);
  for (const char* wrong : {"", "-", "-x", "5", "+5", "-5x", "--5", "Latest"})
    EXPECT_FALSE(parse_since(wrong)) << wrong;
}

}  // namespace
}  // namespace coyield::config
