// Components that stand in the parameters of others, and endpoints that read endpoints.
#include <coyield/config/load.hpp>
#include <coyield/config/schema.hpp>
#include <coyield/config/streams.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

using sample::request;
using Texts = std::vector<std::string>;

Catalogue catalogue() {
  Catalogue all = sample::catalogue();
  all.add({.kind = ComponentKind::source,
           .name = "several",
           .parameters = {{.name = "streams", .type = ParameterType::streams, .required = true},
                          {.name = "names", .type = ParameterType::list}},
           .main = "streams"});
  all.add({.kind = ComponentKind::operator_,
           .name = "each",
           .parameters = {{.name = "pipeline", .type = ParameterType::operators, .required = true}},
           .main = "pipeline"});
  all.add({.kind = ComponentKind::source,
           .name = "other",
           .parameters = {{.name = "path", .required = true, .filling = Filling::path}},
           .main = "path",
           .is_endpoint = true});
  return all;
}

Loaded<ComponentConfig> load_source(const std::string& text) {
  return load_component(ComponentKind::source, text, catalogue(), sample::environment({{"N", "7"}}));
}
std::string problems_in(const std::string& source) {
  const auto loaded = load_source(source);
  return loaded ? "" : loaded.error().text();
}
Loaded<Configuration> load_endpoints(const std::string& endpoints) {
  return load(R"({"endpoints": )" + endpoints + "}", "f", catalogue(), sample::environment({}));
}
std::string problems_of(const std::string& endpoints) {
  const auto loaded = load_endpoints(endpoints);
  return loaded ? "" : loaded.error().text();
}
std::string refusal(const Resolved<Arguments>& arguments) {
  return arguments ? "" : arguments.error().sentence;
}

TEST(Nested, AStreamIsASourceAloneOrWithOperators) {
  const auto config = load_source(R"({"several": ["echo", {"counter": {"to": 5}},
    {"source": {"counter": {"to": 6}}, "pipeline": [{"take": 2}, {"take": 1}]}]})")
                          .value();
  EXPECT_TRUE(config.constant());
  const auto arguments = config.resolve(NoRequestValues()).value();
  const auto& streams = *arguments.get<Streams>("streams");
  ASSERT_EQ(streams.size(), 3u);
  EXPECT_EQ(streams[0].source->component().name, "echo");
  EXPECT_TRUE(streams[0].operators.empty());
  EXPECT_EQ(streams[1].source->get<std::int64_t>("to"), 5);
  EXPECT_EQ(streams[2].source->get<std::int64_t>("to"), 6);
  ASSERT_EQ(streams[2].operators.size(), 2u);
  EXPECT_EQ(streams[2].operators[1].get<std::int64_t>("items"), 1);
}

TEST(Nested, TheLongFormNamesTheParameter) {
  const auto config = load_source(R"({"several": {"streams": ["echo"], "names": ["a"]}})").value();
  EXPECT_EQ(config.constants().get<Streams>("streams")->size(), 1u);
  EXPECT_EQ(config.constants().get<Texts>("names"), Texts{"a"});
}

TEST(Nested, ValuesOfARequestReachWhateverStandsWithin) {
  const auto config = load_source(R"({"several": [
    {"source": {"several": [{"counter": {"to": "${query.n:-3}"}}]}, "pipeline": [{"take": "${query.m}"}]},
    {"counter": {"to": "${env.N}"}}]})")
                          .value();
  EXPECT_FALSE(config.constant());
  EXPECT_EQ(config.references(), (std::vector<Reference>{{Origin::query, "m"}, {Origin::query, "n"}}));
  const auto arguments = config.resolve(request({{"query.m", "4"}})).value();
  EXPECT_TRUE(arguments.from_request("streams"));
  const auto& streams = *arguments.get<Streams>("streams");
  EXPECT_EQ(streams[0].source->get<Streams>("streams")->front().source->get<std::int64_t>("to"), 3);
  EXPECT_EQ(streams[0].operators[0].get<std::int64_t>("items"), 4);
  EXPECT_EQ(streams[1].source->get<std::int64_t>("to"), 7);
}

TEST(Nested, AWrongValueOfARequestIsSaidAsEverywhere) {
  const auto config = load_source(R"({"several": [{"counter": {"to": "${query.n}"}}]})").value();
  EXPECT_EQ(refusal(config.resolve(request({}))), R"(the query parameter "n" is missing)");
  EXPECT_EQ(refusal(config.resolve(request({{"query.n", "x"}}))),
            R"(the query parameter "n": "x" is not a whole number; write it in digits)");
}

TEST(Nested, OperatorsStandInAListOfTheirOwn) {
  const auto config = load_component(ComponentKind::operator_, R"({"each": [{"take": 2}, {"take": 1}]})",
                                     catalogue(), sample::environment({}))
                          .value();
  const auto& streams = *config.constants().get<Streams>("pipeline");
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_FALSE(streams[0].source);
  EXPECT_EQ(streams[0].operators.size(), 2u);
}

TEST(Nested, MistakesAreSaidWhereTheyStand) {
  EXPECT_EQ(problems_in(R"({"several": []})"),
            R"(:1: source: the list is empty; write [{ "clock": "1s" }]
)");
  EXPECT_EQ(problems_in(R"({"several": "echo"})"),
            R"(:1: source: text is not a list of sources; write [{ "clock": "1s" }]
)");
  EXPECT_EQ(problems_in(R"({"several": ["echo", {"take": 1}]})"),
            R"(:1: source[1]: "take" is an operator, no source; write it in "pipeline"
)");
  EXPECT_EQ(problems_in(R"({"several": [{"source": "echo", "pipelin": []}]})"),
            R"(:1: source[0].pipelin: a stream has no such key; did you mean "pipeline"?
)");
  EXPECT_EQ(problems_in(R"({"several": [{"source": "echo", "pipeline": [{"take": "x"}]}]})"),
            R"(:1: source[0].pipeline[0]: "x" is not a whole number; write it in digits, without a fraction
)");
}

TEST(Nested, TheSchemaKnowsThem) {
  const auto made = schema(catalogue());
  const auto& several = made["$defs"]["source"]["anyOf"][0]["properties"]["several"];
  const auto& streams = several["anyOf"][0]["properties"]["streams"];
  EXPECT_EQ(streams["type"], "array");
  EXPECT_EQ(streams["items"]["anyOf"][0]["$ref"], "#/$defs/source");
  EXPECT_EQ(streams["items"]["anyOf"][1]["properties"]["pipeline"]["items"]["$ref"], "#/$defs/operator");
}

// ---- endpoints that read endpoints

TEST(EndpointLinks, ValuesOfARequestAreEncodedInThePath) {
  const auto config = load_source(R"({"other": "/rooms/${path.x}?n=${query.n:-a&b}"})").value();
  EXPECT_EQ(config.resolve(request({{"path.x", "a/b?c"}})).value().get<std::string>("path"),
            "/rooms/a%2Fb%3Fc?n=a&b");
  EXPECT_EQ(refusal(config.resolve(request({{"path.x", ".."}}))),
            R"("x" in the path: ".." is no name, but a way to another path; write a name)");
  EXPECT_EQ(
      problems_in(R"({"other": "${query.path}"})"),
      R"(:1: source: ${query.path} stands where the path of an endpoint begins; write a slash in front of it
)");
}

TEST(EndpointLinks, OneThatNobodyAnswersToIsAProblem) {
  EXPECT_EQ(problems_of(R"({"/rooms/{x}": {"source": "echo"}, "/b": {"source": {"other": "/roms/1"}}})"),
            R"(f:1: endpoints./b: no endpoint answers to "/roms/1"; write "/rooms/{x}" or "/b"
)");
  EXPECT_EQ(problems_of(R"({"/rooms/{x}": {"source": "echo"}, "/b": {"source": {"other": "/rooms/1"}}})"),
            "");
  EXPECT_EQ(problems_of(R"({"/rooms/{x}": {"source": "echo"}, "/b": {"source": {"other": "/rooms/1/2"}}})"),
            R"(f:1: endpoints./b: no endpoint answers to "/rooms/1/2"; did you mean "/rooms/{x}"?
)");
  EXPECT_EQ(
      problems_of(R"({"/files/{x...}": {"source": "echo"}, "/b": {"source": {"other": "/files/1/2"}}})"), "");
  EXPECT_EQ(problems_of(R"({"/": {"source": "echo"}, "/b": {"source": {"other": "/?a=/x"}}})"), "");
}

TEST(EndpointLinks, ACircleIsAProblem) {
  EXPECT_EQ(problems_of(R"({"/a": {"source": {"other": "/a"}}})"),
            R"(f:1: endpoints./a: "/a" reads itself; read another endpoint
)");
  EXPECT_EQ(problems_of(R"({"/a": {"source": {"other": "/b"}}, "/b": {"source": {"other": "/a"}}})"),
            R"(f:1: endpoints./a: "/a" reads "/b", which reads "/a": a circle; read another endpoint
)");
  EXPECT_EQ(
      problems_of(R"({"/a": {"source": {"several": ["echo", {"other": "/b"}]}},
    "/b": {"source": {"other": "/c"}}, "/c": {"source": {"several": [{"other": "/a?x=1"}]}}})"),
      R"(f:1: endpoints./a: "/a" reads "/b", which reads "/c", which reads "/a": a circle; read another endpoint
)");
}

TEST(EndpointLinks, ACircleThatSomeValueMakesIsOne) {
  EXPECT_EQ(problems_of(R"({"/{x}": {"source": {"other": "/${path.x}-raw"}}})"),
            R"(f:1: endpoints./{x}: "/{x}" reads itself; read another endpoint
)");
  EXPECT_EQ(
      problems_of(
          R"({"/a/{x}": {"source": {"other": "/b-${path.x}"}}, "/b-1": {"source": {"other": "/a/1"}}})"),
      R"(f:1: endpoints./a/{x}: "/a/{x}" reads "/b-1", which reads "/a/{x}": a circle; read another endpoint
)");
}

TEST(EndpointLinks, WhatIsWrittenOutIsTheEndpointOfJustThatPath) {
  EXPECT_EQ(problems_of(R"({"/{x}": {"source": {"other": "/raw"}}, "/raw": {"source": "echo"}})"), "");
  EXPECT_EQ(
      problems_of(R"({"/{x}/all": {"source": {"other": "/${path.x}/raw"}}, "/{x}/raw": {"source": "echo"}})"),
      "");
}

}  // namespace
}  // namespace coyield::config
