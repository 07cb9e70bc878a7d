#include <coyield/config/arguments.hpp>
#include <coyield/config/component.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

using namespace std::chrono_literals;

TEST(Catalogue, FindsByKindAndName) {
  auto catalogue = sample::catalogue();
  EXPECT_EQ(catalogue.find(ComponentKind::source, "counter")->name, "counter");
  EXPECT_EQ(catalogue.find(ComponentKind::operator_, "counter"), nullptr);
  EXPECT_EQ(catalogue.find(ComponentKind::source, "nothing"), nullptr);
  EXPECT_EQ(
      catalogue.names(ComponentKind::source),
      (std::vector<std::string>{"counter", "echo", "exec", "file", "http", "program", "speaker", "topic"}));
  EXPECT_EQ(catalogue.names(ComponentKind::format), (std::vector<std::string>{"ndjson", "sse"}));
}

TEST(Catalogue, RefusesDescriptionsThatContradictThemselves) {
  using Type = ParameterType;
  auto with = [](Parameter parameter) {
    return Component{.name = "c", .parameters = {std::move(parameter)}};
  };
  const std::vector<Component> bad = {
      {.name = ""},
      {.name = "c", .main = "nothing"},
      {.name = "c", .parameters = {{.name = "a"}, {.name = "a"}}},
      {.name = "c", .parameters = std::vector<Parameter>(65, Parameter{.name = "a"})},
      with({.name = ""}),
      with({.name = "a", .type = Type::duration, .default_value = 5}),
      with({.name = "a", .type = Type::integer, .default_value = 5, .minimum = 0.5}),
      with({.name = "a", .type = Type::integer, .default_value = 5, .maximum = 4}),
      with({.name = "a", .type = Type::integer, .required = true, .default_value = 5}),
      with({.name = "a", .type = Type::choice}),
      with({.name = "a", .type = Type::text, .choices = {"b"}}),
      with({.name = "a", .type = Type::choice, .default_value = "c", .choices = {"b"}}),
  };
  for (std::size_t i = 0; i < bad.size(); ++i) {
    Catalogue catalogue;
    EXPECT_THROW(catalogue.add(bad[i]), std::logic_error) << "row " << i;
  }
  Catalogue catalogue;
  catalogue.add({.name = "c"});
  EXPECT_THROW(catalogue.add({.name = "c"}), std::logic_error);
  catalogue.add({.kind = ComponentKind::operator_, .name = "c"});
}

TEST(Value, ShowsItselfAsAPersonWouldWriteIt) {
  EXPECT_EQ(to_string(Value{}), "none");
  EXPECT_EQ(to_string(Value{true}), "true");
  EXPECT_EQ(to_string(Value{5u}), "5");
  EXPECT_EQ(to_string(Value{0.5}), "0.5");
  EXPECT_EQ(to_string(Value{1500ms}), "\"1.5s\"");
  EXPECT_EQ(to_string(Value{Size{65536}}), "\"64KiB\"");
  EXPECT_EQ(to_string(Value{"a\"b"}), R"("a\"b")");
  EXPECT_EQ(to_string(Value{std::vector<std::string>{"a", "b"}}), R"(["a","b"])");
  EXPECT_EQ(to_string(Value{nlohmann::json{{"a", 1}}}), R"({"a":1})");
  EXPECT_EQ(to_string(Value{"\xff"}), "\"\uFFFD\"");
}

Arguments arguments() {
  return Arguments(std::make_shared<const Arguments::State>(
      Arguments::State{sample::component("counter"), {Value{1}, Value{}, Value{500ms}}, 0b100}));
}

TEST(Arguments, GivesValuesByNameAndType) {
  auto args = arguments();
  EXPECT_EQ(args.get<std::int64_t>("from"), 1);
  EXPECT_EQ(args.get<std::chrono::nanoseconds>("interval"), 500ms);
  EXPECT_EQ(args.find<std::int64_t>("to"), nullptr);
  EXPECT_EQ(*args.find<std::int64_t>("from"), 1);
}

TEST(Arguments, KnowsWhatARequestHasAPartIn) {
  EXPECT_TRUE(arguments().from_request("interval"));
  EXPECT_FALSE(arguments().from_request("from"));
}

TEST(Arguments, TreatsAWrongNameOrTypeAsABug) {
  auto args = arguments();
  EXPECT_THROW(args.get<std::int64_t>("form"), std::logic_error);
  EXPECT_THROW(args.get<std::string>("from"), std::logic_error);
  EXPECT_THROW(args.get<std::int64_t>("to"), std::logic_error);
  EXPECT_THROW(args.find<std::string>("from"), std::logic_error);
  EXPECT_THROW(args.from_request("form"), std::logic_error);
}

TEST(Arguments, CopiesShareTheValues) {
  auto args = arguments();
  auto copy = args;
  EXPECT_EQ(&copy.get<std::int64_t>("from"), &args.get<std::int64_t>("from"));
}

}  // namespace
}  // namespace coyield::config
