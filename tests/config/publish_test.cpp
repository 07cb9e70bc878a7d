#include <coyield/config/load.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

using namespace std::chrono_literals;

Loaded<Configuration> load_endpoints(const std::string& endpoints) {
  return load(R"({"endpoints": {)" + endpoints + "}}", "f", sample::catalogue(), sample::environment({}));
}
/// A topic, with `beside` in its endpoint.
Loaded<Configuration> load_topic(const std::string& beside) {
  return load_endpoints(R"("/t/{n}": {"source": {"topic": "t.${path.n}"})" + beside + "}");
}
EndpointConfig topic(const std::string& beside) {
  auto loaded = load_topic(beside);
  EXPECT_TRUE(loaded) << loaded.error();
  return loaded ? loaded->endpoints.front() : EndpointConfig();
}
std::string problem_of(const Loaded<Configuration>& loaded) {
  EXPECT_FALSE(loaded);
  return loaded ? std::string() : loaded.error().text();
}

TEST(PublishConfig, SaysWho) {
  EXPECT_FALSE(topic("").publish) << "nobody";
  EXPECT_TRUE(topic(R"(, "publish": "anyone")").publish->access.anyone());
  EXPECT_EQ(topic(R"(, "publish": ["one"])").publish->access.tokens, std::vector<std::string>{"one"});
}

TEST(PublishConfig, EveryKeyIsRead) {
  Publish expected;
  expected.access.tokens = {"one"};
  expected.max_item = 1024;
  expected.max_depth = 3;
  expected.rate = Rate{.items = 100};
  expected.client_rate = Rate{.items = 5, .within = 1min};
  EXPECT_EQ(topic(R"(, "publish": { "access": ["one"], "max_item": "1KiB", "max_depth": 3, "rate": 100,
                                    "client_rate": { "items": 5, "within": "1m" } })")
                .publish,
            expected);
}

TEST(PublishConfig, MistakesSayWhatToWrite) {
  EXPECT_NE(problem_of(load_topic(R"(, "publish": true)")).find(R"(write "anyone")"), std::string::npos);
  EXPECT_NE(problem_of(load_topic(R"(, "publish": {})")).find("missing, and required"), std::string::npos);
  EXPECT_NE(problem_of(load_topic(R"(, "publish": { "access": "anyone", "rates": 5 })"))
                .find(R"(did you mean "rate"?)"),
            std::string::npos);
  EXPECT_NE(problem_of(load_topic(R"(, "publish": { "access": "anyone", "rate": 0 })")).find("publish.rate"),
            std::string::npos);
  EXPECT_NE(problem_of(load_endpoints(R"("/c": {"source": "counter", "publish": "anyone"})"))
                .find(R"(only a topic can be published to, and this is the source "counter")"),
            std::string::npos);
  EXPECT_NE(problem_of(load_topic(R"(, "input": true)")).find(R"(write "publish" instead)"),
            std::string::npos);
}

TEST(TopicConfig, IsSharedWhetherItSaysSoOrNot) {
  EXPECT_EQ(topic("").share, Share{});
  EXPECT_EQ(topic(R"(, "share": {"replay": 5})").share->replay.items, 5U);
  EXPECT_FALSE(topic(R"(, "pipeline": [{"take": 5}])").share);
  EXPECT_TRUE(topic("").is_plain_topic());
  EXPECT_FALSE(topic(R"(, "pipeline": [{"take": 5}])").is_plain_topic());
  EXPECT_TRUE(topic(R"(, "pipeline": [{"take": 5}])").is_topic());
}

TEST(TopicConfig, HasNoGenerator) {
  for (const char* share : {R"({"start": "at_once"})", R"({"restart": "always"})", R"({"since": "start"})"}) {
    EXPECT_NE(problem_of(load_topic(std::string(R"(, "share": )") + share)).find("a topic has"),
              std::string::npos)
        << share;
  }
}

TEST(TopicConfig, EndpointsOverTheSameOneAgree) {
  const auto two = [](const std::string& first, const std::string& second) {
    return load_endpoints(R"("/a/{n}": {"source": {"topic": )" + first + R"(}, "/b": {"source": {"topic": )" +
                          second + "}");
  };
  const std::string room = R"("room.${path.n}"}, "share": {"replay": 5})";
  EXPECT_TRUE(two(room, R"("room.5"}, "share": {"replay": 5})"));
  EXPECT_TRUE(two(room, R"("hall.5"})"));
  EXPECT_TRUE(two(room, R"("room.5"}, "pipeline": [{"take": 5}])"));
  const std::string other_share = problem_of(two(room, R"("room.5"})"));
  EXPECT_EQ(other_share.find("f:1: endpoints./b.share: may be for the same topic as \"/a/{n}\" on line 1"),
            0U)
      << other_share;
  EXPECT_NE(
      problem_of(two(R"("x"}, "publish": {"access": "anyone", "rate": 5})", R"("x"}, "publish": "anyone")"))
          .find("how much a topic takes"),
      std::string::npos);
  EXPECT_TRUE(two(R"("x"}, "publish": {"access": "anyone", "rate": 5})", R"("x"})"));
}

}  // namespace
}  // namespace coyield::config
