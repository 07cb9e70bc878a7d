#include <coyield/config/component_config.hpp>
#include <coyield/config/load.hpp>

#include <gtest/gtest.h>

#include "allocations.hpp"
#include "sample.hpp"

namespace coyield::config {
namespace {

using namespace std::chrono_literals;
using sample::Request;
using sample::request;

ComponentConfig load(ComponentKind kind, std::string_view text) {
  return load_component(kind, text, sample::catalogue(), sample::environment({})).value();
}
ComponentConfig source(std::string_view text) { return load(ComponentKind::source, text); }
ComponentConfig operator_(std::string_view text) { return load(ComponentKind::operator_, text); }

TEST(ComponentConfig, IsMadeFromConstantArguments) {
  auto config = ComponentConfig::make(sample::component("counter"), {{"to", 5}, {"interval", 10ms}}).value();
  auto args = config.resolve(NoRequestValues{}).value();
  EXPECT_EQ(config.name(), "counter");
  EXPECT_EQ(args.get<std::int64_t>("from"), 1);
  EXPECT_EQ(args.get<std::int64_t>("to"), 5);
  EXPECT_EQ(args.get<std::chrono::nanoseconds>("interval"), 10ms);
  EXPECT_TRUE(config.constant());
  EXPECT_FALSE(config.empty());
  EXPECT_TRUE(ComponentConfig().empty());
}

TEST(ComponentConfig, MadeFromCppFitsWholeNumbersAndJson) {
  auto sampled = ComponentConfig::make(sample::component("sample"), {{"share", 1}}).value();
  EXPECT_EQ(sampled.constants().get<double>("share"), 1.0);
  auto where = ComponentConfig::make(sample::component("where"), {{"values", "x"}}).value();
  EXPECT_EQ(where.constants().get<nlohmann::json>("values"), "x");
}

TEST(ComponentConfig, RefusesConstantArgumentsThatAreWrong) {
  struct Row {
    const char* component;
    std::vector<std::pair<std::string, Value>> arguments;
    const char* message;
  };
  for (const auto& row : {
           Row{"counter", {{"form", 1}}, R"(counter has no parameter "form")"},
           Row{"counter", {{"to", "5"}}, R"("to": "5" is not a whole number)"},
           Row{"counter", {{"interval", 2h}}, R"("interval": "2h" is more than "1h"; write "1h" or less)"},
           Row{"take", {}, R"("items": missing, and required)"},
           Row{"take", {{"items", -1}}, R"("items": -1 is less than 0; write 0 or more)"},
       }) {
    auto made = ComponentConfig::make(sample::component(row.component), row.arguments);
    ASSERT_FALSE(made) << row.message;
    EXPECT_EQ(made.error().sentence, row.message);
  }
}

TEST(ComponentConfig, ConvertsWhatARequestBringsToTheParametersTypes) {
  auto config =
      source(R"({ "counter": { "from": "-${query.n}", "to": "${path.n}", "interval": "${query.ms}ms" } })");
  auto args = config.resolve(request({{"path.n", "9"}, {"query.n", "3"}, {"query.ms", "1.5"}})).value();
  EXPECT_EQ(args.get<std::int64_t>("from"), -3);
  EXPECT_EQ(args.get<std::int64_t>("to"), 9);
  EXPECT_EQ(args.get<std::chrono::nanoseconds>("interval"), 1500us);
  EXPECT_TRUE(args.from_request("to"));
  EXPECT_FALSE(config.constant());
}

TEST(ComponentConfig, ConvertsTextsOfEveryType) {
  auto file = source(
      R"({"file": {"path": "a", "follow": "${query.f}", "decode": "${query.d}", "block": "${query.b}"}})");
  auto args = file.resolve(request({{"query.f", "true"}, {"query.d", "json"}, {"query.b", "1KiB"}})).value();
  EXPECT_TRUE(args.get<bool>("follow"));
  EXPECT_EQ(args.get<std::string>("decode"), "json");
  EXPECT_EQ(args.get<Size>("block").bytes, 1024u);
  auto part = operator_(R"({"sample": {"share": "${query.s}"}})");
  EXPECT_EQ(part.resolve(request({{"query.s", "0.25"}})).value().get<double>("share"), 0.25);
}

TEST(ComponentConfig, FillsTextsWithinJsonAndKeepsThemTexts) {
  auto config = operator_(R"({"where": {"/user": "${query.u}", "/n": 5, "/in~/x": ["a", "<${query.u}>"]}})");
  auto args = config.resolve(request({{"query.u", "{\"$ne\": 1}"}})).value();
  EXPECT_EQ(args.get<nlohmann::json>("values").dump(),
            R"({"/in~/x":["a","<{\"$ne\": 1}>"],"/n":5,"/user":"{\"$ne\": 1}"})");
}

TEST(ComponentConfig, KeepsEachTextOfAListOneText) {
  auto config = source(R"({"exec": ["grep", "${query.q}", "x${query.q}"]})");
  auto args = config.resolve(request({{"query.q", "a b; rm"}})).value();
  EXPECT_EQ(args.get<std::vector<std::string>>("command"),
            (std::vector<std::string>{"grep", "a b; rm", "xa b; rm"}));
  EXPECT_TRUE(args.from_request("command"));
}

TEST(ComponentConfig, NamesTheValueOfTheRequestThatIsWrong) {
  struct Row {
    const char* value;
    const char* sentence;
  };
  auto to = source(R"({"counter": "${query.n}"})");
  for (const auto& row : {
           Row{"abc", R"(the query parameter "n": "abc" is not a whole number; write it in digits)"},
           Row{"", R"(the query parameter "n": "" is not a whole number; write it in digits)"},
           Row{" 5", R"(the query parameter "n": " 5" is not a whole number; write it in digits)"},
           Row{"1e3", R"(the query parameter "n": "1e3" is not a whole number; write it in digits)"},
           Row{"99999999999999999999",
               R"(the query parameter "n": "99999999999999999999" is too large; the most is 1000000)"},
           Row{"1000001", R"(the query parameter "n": 1000001 is more than 1000000; write 1000000 or less)"},
           Row{"\n\x01", R"(the query parameter "n": "\n\x01" is not a whole number; write it in digits)"},
       }) {
    auto resolved = to.resolve(request({{"query.n", row.value}}));
    ASSERT_FALSE(resolved) << row.sentence;
    EXPECT_EQ(resolved.error(), (BadArgument{"to", "query.n", row.sentence}));
  }
}

TEST(ComponentConfig, RefusesValuesOfARequestByType) {
  struct Row {
    const char* component;
    const char* value;
    const char* sentence;
  };
  for (const auto& row : {
           Row{R"({"counter": {"interval": "${query.x}"}})", "10",
               R"(the query parameter "x": "10" has no unit; write "10ms" or "10s")"},
           Row{R"({"file": {"path": "a", "follow": "${header.x}"}})", "yes",
               R"(the header "x": "yes" is not true or false; write true or false)"},
           Row{R"({"file": {"path": "a", "decode": "${claim.x:-lines}"}})", "xml",
               R"(the claim "x": "xml" is none of the choices; write "lines", "json" or "bytes")"},
           Row{R"({"file": {"path": "a", "block": "${path.x}"}})", "1B",
               R"("x" in the path: "1B" is less than "512B"; write "512B" or more)"},
       }) {
    auto resolved = source(row.component)
                        .resolve(request({{"query.x", row.value},
                                          {"header.x", row.value},
                                          {"claim.x", row.value},
                                          {"path.x", row.value}}));
    ASSERT_FALSE(resolved) << row.sentence;
    EXPECT_EQ(resolved.error().sentence, row.sentence);
  }
  for (const char* number : {"nan", "inf", "0x1p3", "1,5"}) {
    EXPECT_FALSE(operator_(R"({"sample": {"share": "${query.x}"}})").resolve(request({{"query.x", number}})))
        << number;
  }
}

TEST(ComponentConfig, NamesTheValueThatIsMissing) {
  auto config = source(R"({"counter": {"from": "${query.a:-1}", "to": "${header.X-To}"}})");
  auto resolved = config.resolve(Request{});
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error(), (BadArgument{"to", "header.X-To", R"(the header "X-To" is missing)"}));
}

TEST(ComponentConfig, AsksTheComponentAgainForEachRequest) {
  Component even{.name = "even", .parameters = {{.name = "n", .type = ParameterType::integer}}, .main = "n"};
  even.check = [](const Arguments& args) -> ParameterMistakes {
    const auto* n = args.find<std::int64_t>("n");
    if (!n || *n % 2 == 0) return {};
    return {{"n", {"odd", "write an even number"}}};
  };
  Catalogue catalogue;
  catalogue.add(even);
  auto config = load_component(ComponentKind::source, R"({"even": "${query.n}"})", catalogue).value();
  EXPECT_TRUE(config.resolve(request({{"query.n", "4"}})));
  auto refused = config.resolve(request({{"query.n", "3"}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(),
            (BadArgument{"n", "query.n", R"(the query parameter "n": odd; write an even number)"}));
  auto made = ComponentConfig::make(even, {{"n", 3}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error(), (BadArgument{"n", "", R"("n": odd; write an even number)"}));
}

/// Its check says what is wrong with each text within `value`, and with the limit below the least.
Component picky() {
  Component component{.kind = ComponentKind::operator_,
                      .name = "picky",
                      .parameters = {{.name = "value", .type = ParameterType::json, .required = true}},
                      .main = "value"};
  component.check = [](const Arguments& args) -> ParameterMistakes {
    using Pointer = nlohmann::json::json_pointer;
    const auto& value = args.get<nlohmann::json>("value");
    if (value.empty()) return {{"value", {"nothing is said"}}};
    ParameterMistakes mistakes;
    for (const auto& [key, each] : value.items()) {
      if (each == "bad") mistakes.push_back({"value", {"bad"}, Pointer() / key});
    }
    return mistakes;
  };
  return component;
}

TEST(ComponentConfig, AllThatTheComponentFindsIsReportedWhereItStands) {
  Catalogue catalogue;
  catalogue.add(picky());
  const auto problems = [&](std::string_view text) {
    auto loaded = load_component(ComponentKind::operator_, text, catalogue);
    return loaded ? "" : loaded.error().text();
  };
  EXPECT_EQ(problems("{\"picky\": {\n\"/a\": \"bad\",\n\"b\": 1,\n\"c\": \"bad\"\n}}"),
            ":2: operator./a: bad\n:4: operator.c: bad\n");
  EXPECT_EQ(problems("{\"picky\": {\"value\": [1,\n\"bad\"]}}"), ":2: operator.value[1]: bad\n");
  EXPECT_EQ(problems("{\"picky\": {}}"), ":1: operator: nothing is said\n");
  EXPECT_EQ(problems("\"picky\""), ":1: operator: nothing is said\n");
  auto config =
      load_component(ComponentKind::operator_, R"({"picky": {"a": "${query.a}"}})", catalogue).value();
  EXPECT_EQ(config.resolve(request({{"query.a", "bad"}})).error().sentence,
            R"(the query parameter "a": "a": bad)");
}

TEST(ComponentConfig, AMemberMayHaveTheNameOfTheParameter) {
  Catalogue catalogue;
  catalogue.add(picky());
  const auto value = [&](std::string_view text) {
    return load_component(ComponentKind::operator_, text, catalogue)
        .value()
        .constants()
        .get<nlohmann::json>("value")
        .dump();
  };
  EXPECT_EQ(value(R"({"picky": {"value": "/v"}})"), R"({"value":"/v"})");
  EXPECT_EQ(value(R"({"picky": {"value": "/v", "x": "/y"}})"), R"({"value":"/v","x":"/y"})");
  EXPECT_EQ(value(R"({"picky": {"value": {"v": "/v"}}})"), R"({"v":"/v"})");
}

TEST(ComponentConfig, DefaultsMustPassTheComponentsCheckTogether) {
  Component span{.name = "span",
                 .parameters = {{.name = "from", .type = ParameterType::integer},
                                {.name = "to", .type = ParameterType::integer}}};
  span.check = [](const Arguments& args) -> ParameterMistakes {
    const auto* from = args.find<std::int64_t>("from");
    const auto* to = args.find<std::int64_t>("to");
    if (!from || !to || *from <= *to) return {};
    return {{"to", {"before the beginning"}}};
  };
  Catalogue catalogue;
  catalogue.add(span);
  const auto problems = [&](std::string_view text) {
    auto loaded = load_component(ComponentKind::source, text, catalogue);
    return loaded ? "" : loaded.error().text();
  };
  EXPECT_EQ(problems(R"({"span": {"from": "${query.f:-10}", "to": 1}})"),
            ":1: source.to: before the beginning (by default)\n");
  EXPECT_EQ(problems(R"({"span": {"from": "${query.f:-1}", "to": 1}})"), "");
  EXPECT_EQ(problems(R"({"span": {"from": "${query.f}", "to": "${query.t:-1}"}})"), "");
}

TEST(ComponentConfig, ListsWhatItAsksOfARequestOnceAndInOrder) {
  auto config = source(R"({"exec": ["${query.b}", "${query.a:-x}${path.z}", "${query.b}"]})");
  EXPECT_EQ(config.references(),
            (std::vector<Reference>{{Origin::path, "z"}, {Origin::query, "a"}, {Origin::query, "b"}}));
  EXPECT_TRUE(source(R"({"counter": 5})").references().empty());
}

TEST(ComponentConfig, ResolvingConstantArgumentsAllocatesNothing) {
  auto config = source(R"({ "counter": { "to": 5 } })");
  const NoRequestValues values;
  const auto before = allocations();
  std::int64_t sum = 0;
  for (int i = 0; i < 100; ++i) sum += config.resolve(values)->get<std::int64_t>("to");
  EXPECT_EQ(allocations(), before);
  EXPECT_EQ(sum, 500);
}

}  // namespace
}  // namespace coyield::config
