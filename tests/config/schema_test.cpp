#include <coyield/config/schema.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

using Json = nlohmann::json;

Json sample_schema() { return schema(sample::catalogue()); }

TEST(Schema, SaysWhichDialectItIs) {
  EXPECT_EQ(sample_schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

void expect_described(const Json& object, const std::string& path) {
  const auto properties = object.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) {
    const auto here = path + "." + name;
    EXPECT_FALSE(property.value("title", "").empty()) << here;
    EXPECT_FALSE(property.value("description", "").empty()) << here;
    expect_described(property, here);
    const auto choices = property.value("anyOf", Json::array());
    for (const auto& choice : choices) expect_described(choice, here);
  }
  EXPECT_TRUE(!object.contains("properties") || object["additionalProperties"] == false) << path;
}

TEST(Schema, DescribesEveryKeyAndAllowsNoOthers) {
  const auto schema = sample_schema();
  expect_described(schema, "");
  expect_described(schema["properties"]["endpoints"]["additionalProperties"], "endpoint");
  expect_described(schema["$defs"]["source"]["anyOf"][0], "source");
  expect_described(schema["$defs"]["operator"]["anyOf"][0], "operator");
}

TEST(Schema, HasTheDefaultsOfThePlainData) {
  const auto server = sample_schema()["properties"]["server"]["properties"];
  EXPECT_EQ(server["listen"]["default"], "127.0.0.1:8080");
  EXPECT_EQ(server["threads"]["default"], 0);
  EXPECT_EQ(server["drain"]["default"], "10s");
  EXPECT_EQ(server["limits"]["properties"]["max_header"]["default"], "16KiB");
  EXPECT_EQ(server["timeouts"]["properties"]["idle"]["default"], "1m");
  EXPECT_EQ(server["log"]["properties"]["level"]["default"], "info");
}

TEST(Schema, HasTheComponentsOfTheCatalogue) {
  const auto schema = sample_schema();
  const auto sources = schema["$defs"]["source"]["anyOf"];
  EXPECT_EQ(sources[1]["enum"],
            (Json{"counter", "echo", "exec", "file", "http", "program", "speaker", "topic"}));
  EXPECT_EQ(sources[0]["maxProperties"], 1);
  const auto file = sources[0]["properties"]["file"]["anyOf"][0];
  EXPECT_EQ(file["required"], Json{"path"});
  EXPECT_EQ(file["properties"]["decode"]["anyOf"][0]["enum"], (Json{"lines", "json", "bytes"}));
  EXPECT_EQ(file["properties"]["follow"]["default"], false);
  const auto endpoint = schema["properties"]["endpoints"]["additionalProperties"];
  EXPECT_EQ(endpoint["properties"]["format"]["anyOf"][0]["enum"], (Json{"ndjson", "sse"}));
  EXPECT_EQ(endpoint["required"], Json{"source"});
  EXPECT_EQ(endpoint["properties"]["source"]["$ref"], "#/$defs/source");
}

TEST(Schema, TakesTheShortFormAndSubstitutions) {
  const auto operators = sample_schema()["$defs"]["operator"]["anyOf"][0]["properties"];
  const auto short_form = operators["take"]["anyOf"][1];
  EXPECT_EQ(short_form["anyOf"][0], (Json{{"type", "integer"}, {"minimum", 0}}));
  EXPECT_EQ(short_form["anyOf"][1]["type"], "string");
}

}  // namespace
}  // namespace coyield::config
