#include <coyield/handlers/endpoint_json.hpp>

#include <gtest/gtest.h>

#include <coyield/config/load.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/source.hpp>
#include <nlohmann/json.hpp>

namespace coyield::handlers {
namespace {

using nlohmann::json;

class Nothing final : public Monitor {
 public:
  bool draining() const override { return false; }
  std::optional<std::size_t> stuck_thread() override { return std::nullopt; }
  Figures figures() const override { return {}; }
  std::vector<StreamInfo> streams() const override { return {}; }
  std::optional<StreamInfo> stream(std::string_view /*id*/) const override { return std::nullopt; }
  std::vector<FailureInfo> failures() const override { return {}; }
  std::vector<ShareInfo> shares() const override { return {}; }
  bool stop_share(std::uint64_t /*id*/) override { return false; }
  std::vector<std::string> addresses() const override { return {"127.0.0.1:8080", "unix:/run/c.sock"}; }
  bool stop(std::string_view /*id*/) override { return false; }
};

/// What is said of an endpoint of this configuration.
json described(const std::string& pattern, const std::string& endpoint) {
  config::Catalogue catalogue;
  for (const auto& source : generators::all_sources()) catalogue.add(source.description);
  for (const auto& op : generators::all_operators()) catalogue.add(op.description);
  auto loaded = config::load(R"({"endpoints": {")" + pattern + "\": " + endpoint + "}}", "test", catalogue);
  EXPECT_TRUE(loaded) << endpoint;
  Application application(loaded->server, all_formats());
  for (auto& each : loaded->endpoints) application.add(std::move(each), {});
  return json::parse(endpoints_json(application, Nothing()));
}
json endpoint(const std::string& pattern, const std::string& text) {
  return described(pattern, text)["endpoints"][0];
}

TEST(EndpointJson, SaysWhereAndInWhichFormats) {
  const json all = described("/clock", R"({"source": "clock"})");
  EXPECT_EQ(all["serve"], "/.coyield/serve");
  EXPECT_EQ(all["addresses"], json::parse(R"(["127.0.0.1:8080", "unix:/run/c.sock"])"));
  EXPECT_EQ(all["formats"][0]["name"], "ndjson");
  for (const json& format : all["formats"]) EXPECT_FALSE(format["media_type"].empty()) << format;
}

TEST(EndpointJson, AParameterHasTheTypeAndTheBoundsOfWhatItIsFor) {
  const json one = endpoint("/count/{n}", R"({"title": "Counts", "finite": true,
    "source": {"counter": {"to": "${path.n}", "interval": "${query.interval:-500ms}"}}})");
  EXPECT_EQ(one["title"], "Counts");
  EXPECT_EQ(one["source"]["name"], "counter");
  EXPECT_EQ(one["finite"], true);
  EXPECT_FALSE(one.contains("share"));
  ASSERT_EQ(one["parameters"].size(), 2U);
  const json& n = one["parameters"][0];
  EXPECT_EQ(n["in"], "path");
  EXPECT_EQ(n["name"], "n");
  EXPECT_EQ(n["type"], "integer");
  EXPECT_EQ(n["required"], true);
  EXPECT_EQ(n["of"], "counter.to");
  const json& interval = one["parameters"][1];
  EXPECT_EQ(interval["in"], "query");
  EXPECT_EQ(interval["type"], "duration");
  EXPECT_EQ(interval["required"], false);
  EXPECT_EQ(interval["default"], "500ms");
  EXPECT_EQ(interval["minimum"], "0s");
  EXPECT_FALSE(interval["summary"].get<std::string>().empty());
}

TEST(EndpointJson, WhatIsOnlyAPartOfAValueIsText) {
  const json one = endpoint("/walk/{who}", R"({"source": {"random": {}},
    "pipeline": [{"where": {"/value": {"greater": "${query.above:--5}"}}}, {"where": {"/who": "x ${path.who}"}}]})");
  ASSERT_EQ(one["parameters"].size(), 2U);
  EXPECT_EQ(one["parameters"][0]["name"], "who") << "those of the path come first";
  EXPECT_EQ(one["parameters"][0]["type"], "text");
  const json& above = one["parameters"][1];
  EXPECT_EQ(above["type"], "text");
  EXPECT_EQ(above["default"], "-5");
  EXPECT_EQ(above["of"], "where.condition /value");
  EXPECT_EQ(one["pipeline"].size(), 2U);
}

TEST(EndpointJson, AValueThatIsUsedTwiceIsSaidOnce) {
  const json one = endpoint("/clock", R"({"source": {"clock": "${query.every:-1s}"},
    "pipeline": [{"throttle": "${query.every:-1s}"}], "share": {"replay": 10, "slow": "drop_oldest"}})");
  ASSERT_EQ(one["parameters"].size(), 1U);
  EXPECT_EQ(one["parameters"][0]["of"], "clock.interval");
  EXPECT_EQ(one["share"], json::parse(R"({"slow": "drop_oldest", "replay_items": 10})"));
}

TEST(EndpointJson, OfAFunctionThePathIsKnown) {
  Application application(config::ServerConfig(), all_formats());
  config::EndpointConfig config;
  config.pattern = config::parse_route_pattern("/files/{name...}").value();
  application.add(std::move(config), {});
  const json one = json::parse(endpoints_json(application, Nothing()))["endpoints"][0];
  EXPECT_FALSE(one.contains("source"));
  EXPECT_EQ(one["parameters"], json::parse(R"([{"in": "path", "name": "name", "rest": true, "required": true,
                                               "type": "text"}])"));
}

TEST(EndpointJson, NamesNoFixedValueOfTheConfiguration) {
  const std::string text = described("/log", R"({"source": {"file": {"path": "/srv/own/orders.log"}},
    "access": ["hidden"]})")
                               .dump();
  EXPECT_EQ(text.find("/srv/own"), std::string::npos);
  EXPECT_EQ(text.find("hidden"), std::string::npos);
  EXPECT_NE(text.find(R"("token":true)"), std::string::npos);
}

}  // namespace
}  // namespace coyield::handlers
