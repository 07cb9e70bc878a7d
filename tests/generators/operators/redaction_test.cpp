#include <gtest/gtest.h>

#include <coyield/generators/json_check.hpp>
#include <coyield/generators/json_pointer.hpp>
#include <coyield/generators/operators/redaction.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>

#include "../random_json.hpp"

namespace coyield::generators {
namespace {

using Json = nlohmann::json;
using Fields = std::vector<std::string>;

std::string redacted(const Fields& fields, std::string_view json, std::optional<std::string> instead) {
  Redaction redaction(fields, std::move(instead));
  Item item = Item::json(json);
  redaction.apply(item);
  return std::string(item.payload());
}
std::string replaced(const Fields& fields, std::string_view json) {
  return redacted(fields, json, R"("***")");
}
std::string removed(const Fields& fields, std::string_view json) {
  return redacted(fields, json, std::nullopt);
}

TEST(Redaction, ReplacesWhatIsThere) {
  struct Row {
    Fields fields;
    const char* item;
    const char* expected;
  };
  const Row rows[] = {
      {{"/a"}, R"({"a":1})", R"({"a":"***"})"},
      {{"/a"}, R"({ "b" : 1.50 , "a" : {"c":[1,2]} , "d":1 })", R"({ "b" : 1.50 , "a" : "***" , "d":1 })"},
      {{"/a"}, R"({"b":1})", R"({"b":1})"},
      {{"/a/b"}, R"({"a":{"b":1,"c":2}})", R"({"a":{"b":"***","c":2}})"},
      {{"/a/b"}, R"({"a":5})", R"({"a":5})"},
      {{"/a/b"}, R"({"a":null})", R"({"a":null})"},
      {{"/a", "/a/b"}, R"({"a":{"b":1}})", R"({"a":"***"})"},
      {{"/a/1"}, R"({"a":[5, 6]})", R"({"a":[5, "***"]})"},
      {{"/a/1"}, R"({"a":{"1":6}})", R"({"a":{"1":"***"}})"},
      {{"/a/-"}, R"({"a":[5]})", R"({"a":[5]})"},
      {{"/a/*"}, R"({"a":[5,[6]]})", R"({"a":["***","***"]})"},
      {{"/a/*"}, R"({"a":{"b":1,"*":2}})", R"({"a":{"b":"***","*":"***"}})"},
      {{"/*/b"}, R"([{"b":1,"c":2},{"b":3},4])", R"([{"b":"***","c":2},{"b":"***"},4])"},
      {{"/*/b", "/x/c"},
       R"({"x":{"b":1,"c":2},"y":{"b":1,"c":2}})",
       R"({"x":{"b":"***","c":"***"},"y":{"b":"***","c":2}})"},
      {{"/*/*/d", "/x/*/e", "/x/y/f"},
       R"({"x":{"y":{"d":1,"e":1,"f":1,"g":1}},"z":{"y":{"d":1,"e":1}}})",
       R"({"x":{"y":{"d":"***","e":"***","f":"***","g":1}},"z":{"y":{"d":"***","e":1}}})"},
      {{"/a"}, R"({"\u0061":1,"a":2})", R"({"\u0061":"***","a":"***"})"},
      {{"/a~1b", "/c\"d"}, R"({"a/b":1,"c\"d":2})", R"({"a/b":"***","c\"d":"***"})"},
      {{"/a"}, "5", "5"},
      {{"/*"}, R"("text")", R"("text")"},
      {{"/*"}, "[]", "[]"},
  };
  for (const Row& row : rows) EXPECT_EQ(replaced(row.fields, row.item), row.expected) << row.item;
}

TEST(Redaction, RemovesWhatIsThere) {
  struct Row {
    Fields fields;
    const char* item;
    const char* expected;
  };
  const Row rows[] = {
      {{"/a"}, R"({"a":1})", "{}"},
      {{"/a"}, R"({ "a" : 1 })", "{  }"},
      {{"/a"}, R"({"a":1,"b":2})", R"({"b":2})"},
      {{"/a"}, R"({ "a":1 , "b":2})", R"({ "b":2})"},
      {{"/b"}, R"({"a":1,"b":2})", R"({"a":1})"},
      {{"/b"}, R"({"a":1 , "b":[2] })", R"({"a":1  })"},
      {{"/b"}, R"({"a":1,"b":2,"c":3})", R"({"a":1,"c":3})"},
      {{"/a", "/b"}, R"({"a":1,"b":2,"c":3})", R"({"c":3})"},
      {{"/a", "/c"}, R"({"a":1,"b":2,"c":3})", R"({"b":2})"},
      {{"/b", "/c"}, R"({"a":1,"b":2,"c":3})", R"({"a":1})"},
      {{"/a", "/b", "/c"}, R"({"a":1,"b":2,"c":3})", "{}"},
      {{"/0", "/1"}, "[5,6,7]", "[7]"},
      {{"/1"}, "[5, 6, 7]", "[5, 7]"},
      {{"/*"}, "[5, 6, 7]", "[]"},
      {{"/*/a"}, R"([{"a":1},{"a":",","b":","}])", R"([{},{"b":","}])"},
      {{"/a/b", "/c"}, R"({"a":{"b":1},"c":2,"d":3})", R"({"a":{},"d":3})"},
      {{"/a"}, R"({"a":1,"b":2,"a":3})", R"({"b":2})"},
  };
  for (const Row& row : rows) EXPECT_EQ(removed(row.fields, row.item), row.expected) << row.item;
}

TEST(Redaction, KeepsTheDigitsOfNumbers) {
  EXPECT_EQ(replaced({"/b"}, R"({"a":123456789012345678901234567890,"b":1,"c":1.10e+2})"),
            R"({"a":123456789012345678901234567890,"b":"***","c":1.10e+2})");
}

TEST(Redaction, PassesOnWhatIsNoJson) {
  Redaction redaction({"/a"}, std::nullopt);
  for (const PayloadKind kind : {PayloadKind::text, PayloadKind::bytes, PayloadKind::gap}) {
    Item item;
    item.set(kind, R"({"a":2})");
    redaction.apply(item);
    EXPECT_EQ(item.kind(), kind);
    EXPECT_EQ(item.payload(), R"({"a":2})");
  }
}

TEST(Redaction, LeavesAnItemWithoutTheFieldsWhereItIs) {
  Redaction redaction({"/x", "/a/x"}, std::nullopt);
  const std::string text = R"({"a":{"b":1}})";
  Item item = Item::json(text);
  redaction.apply(item);
  EXPECT_EQ(item.payload().data(), text.data()) << "nothing is copied";
}

/// The places that a field stands for, in a tree.
void find_places(const Json& tree, const std::vector<std::string>& tokens, const Json::json_pointer& here,
                 std::set<std::string>& found) {
  if (tokens.empty()) {
    found.insert(here.to_string());
    return;
  }
  const std::vector<std::string> rest(tokens.begin() + 1, tokens.end());
  if (tree.is_object()) {
    for (const auto& [name, value] : tree.items()) {
      if (name == tokens[0] || tokens[0] == "*") find_places(value, rest, here / name, found);
    }
  } else if (tree.is_array()) {
    for (std::size_t i = 0; i < tree.size(); ++i) {
      if (array_index(tokens[0]) == i || tokens[0] == "*") find_places(tree[i], rest, here / i, found);
    }
  }
}

std::string random_field(RandomJson& random) {
  std::string field = random.pointer(1);
  if (random.below(2) == 0) return field;
  const std::size_t end = field.find('/', 1);
  return "/*" + (end == std::string::npos ? "" : field.substr(end));
}

TEST(Redaction, ReplacesAndRemovesWhatItWouldInATree) {
  RandomJson random(6);
  for (int round = 0; round < 20'000; ++round) {
    Json tree = random.value();
    const std::string text = random.written(tree);
    const Fields fields{random_field(random), random_field(random), random_field(random)};
    std::set<std::string> places;
    for (const std::string& field : fields)
      find_places(tree, parse_pointer(field)->tokens, Json::json_pointer(), places);
    Json with = tree;
    for (const std::string& place : places) {
      if (with.contains(Json::json_pointer(place))) with[Json::json_pointer(place)] = "***";
    }
    const std::string result = replaced(fields, text);
    ASSERT_TRUE(is_json(result)) << result;
    ASSERT_EQ(Json::parse(result), with) << text;
    // From behind, so that the elements of an array stay where they are as long as they are asked for.
    Json without = tree;
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      const Json::json_pointer pointer(*place);
      if (!without.contains(pointer)) continue;
      Json& parent = without[pointer.parent_pointer()];
      parent.is_array() ? parent.erase(std::stoul(pointer.back())) : void(parent.erase(pointer.back()));
    }
    const std::string shorter = removed(fields, text);
    ASSERT_TRUE(is_json(shorter)) << shorter;
    ASSERT_EQ(Json::parse(shorter), without) << text << " without " << Json(fields);
  }
}

}  // namespace
}  // namespace coyield::generators
