#include <coyield/handlers/topics.hpp>

#include <gtest/gtest.h>

#include <coyield/config/load.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/registry.hpp>
#include <coyield/generators/source.hpp>
#include <string>

namespace coyield::handlers {
namespace {

using namespace std::chrono_literals;

TopicRules rules_of(const std::string& endpoints) {
  generators::Registry registry;
  for (auto& source : generators::all_sources()) registry.add(std::move(source));
  for (auto& op : generators::all_operators()) registry.add(std::move(op));
  const auto loaded = config::load(R"({"endpoints": {)" + endpoints + "}}", "f", registry.catalogue(),
                                   config::process_environment());
  EXPECT_TRUE(loaded) << loaded.error();
  TopicRules rules;
  for (std::size_t i = 0; i < loaded->endpoints.size(); ++i) rules.add(loaded->endpoints[i], i);
  return rules;
}

TEST(TopicRules, TheEndpointThatServesItAsItIsSaysWhatIsKept) {
  const auto rules = rules_of(
      R"("/loud": {"source": {"topic": "a.b"}, "pipeline": [{"skip": 1}], "share": {"replay": 7}},
         "/a/{x}": {"source": {"topic": "a.${path.x}"},
                    "share": {"replay": 5, "slow": "block", "linger": "2s", "max_instances": 3}})");
  const TopicRule rule = rules.find("a.b");
  EXPECT_EQ(rule.number, 1U);
  EXPECT_EQ(rule.options.replay.items, 5U);
  EXPECT_EQ(rule.options.slow, generators::SlowPolicy::block);
  EXPECT_EQ(rule.linger, 2s);
  EXPECT_EQ(rule.max_instances, 3U);
}

TEST(TopicRules, WithoutOneTheFirstThatIsOverItDoes) {
  const auto rules = rules_of(
      R"("/loud": {"source": {"topic": "a"}, "pipeline": [{"skip": 1}], "share": {"replay": 7}},
         "/low": {"source": {"topic": "a"}, "pipeline": [{"skip": 1}]})");
  EXPECT_EQ(rules.find("a").options.replay.items, 7U);
  EXPECT_EQ(rules.find("a").linger, 1h) << "where nothing is said";
}

TEST(TopicRules, TheRatesAreThoseOfTheFirstThatCanBePublishedTo) {
  const auto rules = rules_of(
      R"("/read": {"source": {"topic": "a"}},
         "/write": {"source": {"topic": "a"}, "publish": {"access": "anyone", "rate": 5, "client_rate": 1}})");
  EXPECT_EQ(rules.find("a").options.rate, (generators::Rate{.items = 5, .within = 1s}));
  EXPECT_EQ(rules.find("a").options.client_rate, (generators::Rate{.items = 1, .within = 1s}));
}

TEST(TopicRules, ThereIsNoTopicThatNoEndpointIsOver) {
  const auto rules =
      rules_of(R"("/a/{x}": {"source": {"topic": "a.${path.x}"}}, "/c": {"source": "counter"})");
  EXPECT_THROW(rules.find("b.c"), generators::Failure);
  EXPECT_NO_THROW(rules.find("a."));
}

}  // namespace
}  // namespace coyield::handlers
