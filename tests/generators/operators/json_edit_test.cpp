#include <gtest/gtest.h>

#include <coyield/generators/json_check.hpp>
#include <coyield/generators/operators/json_edit.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "../random_json.hpp"

namespace coyield::generators {
namespace {

using Json = nlohmann::json;

std::string edited(std::string_view edit, std::string_view json) {
  JsonEdit compiled = JsonEdit::compile(Json::parse(edit)).value();
  Item item = Item::json(json);
  compiled.apply(item);
  return std::string(item.payload());
}

TEST(JsonEdit, SetsAndAdds) {
  struct Row {
    const char* edit;
    const char* item;
    const char* expected;
  };
  const Row rows[] = {
      {R"({"/a":2})", R"({"a":1})", R"({"a":2})"},
      {R"({"/a":2})", R"({"b":1})", R"({"b":1,"a":2})"},
      {R"({"/a":2})", R"({})", R"({"a":2})"},
      {R"({"/a":2})", R"({ })", R"({ "a":2})"},
      {R"({"/a":{"b":[]}})", R"({"a":"long \" text" , "c": 1.50 })", R"({"a":{"b":[]} , "c": 1.50 })"},
      {R"({"/a":"é\n\""})", R"({"\u0061":1})", R"({"\u0061":"é\n\""})"},
      {R"({"/a~1b":1,"/c\"d":2})", R"({})", R"({"a/b":1,"c\"d":2})"},
      {R"({"/a/b":1})", R"({})", R"({"a":{"b":1}})"},
      {R"({"/a/b":1,"/a/c/d":2})", R"({"x":0})", R"({"x":0,"a":{"b":1,"c":{"d":2}}})"},
      {R"({"/a/b":1})", R"({"a":{"c":2},"d":3})", R"({"a":{"c":2,"b":1},"d":3})"},
      {R"({"/a/b":1,"/z":9})", R"({"a":{},"d":3})", R"({"a":{"b":1},"d":3,"z":9})"},
      {R"({"/a/b":1})", R"({"a":null})", R"({"a":{"b":1}})"},
      {R"({"/a/b":1})", R"({"a":"text","c":2})", R"({"a":"text","c":2})"},
      {R"({"/a/b":1})", R"({"a":[5]})", R"({"a":[5]})"},
      {R"({"/a/0":1})", R"({"a":[5, 6]})", R"({"a":[1, 6]})"},
      {R"({"/a/2":1})", R"({"a":[5, 6]})", R"({"a":[5, 6,1]})"},
      {R"({"/a/7":1})", R"({"a":[5]})", R"({"a":[5]})"},
      {R"({"/a/-":1})", R"({"a":[5]})", R"({"a":[5,1]})"},
      {R"({"/a/-":1})", R"({"a":[]})", R"({"a":[1]})"},
      {R"({"/a/-/b":1})", R"({"a":[{}]})", R"({"a":[{},{"b":1}]})"},
      {R"({"/a/0/b":1})", R"({"a":[{"b":2}]})", R"({"a":[{"b":1}]})"},
      {R"({"/a/0":1})", R"({})", R"({"a":{"0":1}})"},
      {R"({"/a":1})", R"({"a":5,"b":6,"a":7})", R"({"a":1,"b":6,"a":1})"},
      {R"({"/a/b":1})", R"({"a":{"b":5},"a":{}})", R"({"a":{"b":1},"a":{"b":1}})"},
      {R"({"/a":1})", "null", R"({"a":1})"},
      {R"({"/a":1})", "5", "5"},
      {R"({"/a":1})", R"("text")", R"("text")"},
      {R"({"/-":1})", "[]", "[1]"},
      {R"({"/a":1})", "[2]", "[2]"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(edited(row.edit, row.item), row.expected) << row.edit << " of " << row.item;
  }
}

TEST(JsonEdit, KeepsTheDigitsOfNumbers) {
  EXPECT_EQ(edited(R"({"/b":18446744073709551615})", R"({"a":123456789012345678901234567890})"),
            R"({"a":123456789012345678901234567890,"b":18446744073709551615})");
}

TEST(JsonEdit, PassesOnWhatIsNoJson) {
  JsonEdit edit = JsonEdit::compile(Json::parse(R"({"/a":1})")).value();
  for (const PayloadKind kind : {PayloadKind::text, PayloadKind::bytes, PayloadKind::gap}) {
    Item item;
    item.set(kind, R"({"a":2})");
    edit.apply(item);
    EXPECT_EQ(item.kind(), kind);
    EXPECT_EQ(item.payload(), R"({"a":2})");
  }
}

TEST(JsonEdit, AllMistakesInItAreFoundWithTheirPlaces) {
  const auto mistakes =
      JsonEdit::check(Json::parse(R"({"":1,"/a":{},"/a/b":1,"/c":1,"/c/d":1,"host":1})"), "members");
  std::vector<std::string> places;
  for (const auto& each : mistakes) places.push_back(each.place.to_string());
  EXPECT_EQ(places, (std::vector<std::string>{"/", "/host", "/~1a", "/~1c"}));
}

TEST(JsonEdit, SaysWhatToWriteInstead) {
  struct Row {
    const char* edit;
    const char* sentence;
  };
  const Row rows[] = {
      {R"(["/a"])",
       R"(what is set has to stand in braces; write the places and their values: { "/host": "web1" })"},
      {R"({})", R"(there is nothing to set; write the places and their values: { "/host": "web1" })"},
      {R"({"host":"web1"})", R"("host" is no JSON Pointer; write "/host")"},
      {R"({"":{}})", R"("" is the whole item, which cannot be set; write a place in it: { "/name": ... })"},
      {R"({"/a":{},"/a/b":1})",
       R"("/a" is set, and so is something within it; write one value with both: { "/a": { ... } })"},
  };
  for (const Row& row : rows) {
    const auto edit = JsonEdit::compile(Json::parse(row.edit));
    ASSERT_FALSE(edit) << row.edit;
    EXPECT_EQ(to_string(edit.error()), row.sentence);
  }
}

/// One value set in a tree, by the words of the operator's description.
void set_in(Json& tree, const Json::json_pointer& pointer, const Json& value) {
  if (pointer.empty()) {
    tree = value;
    return;
  }
  std::vector<std::string> tokens;
  for (auto rest = pointer; !rest.empty(); rest = rest.parent_pointer()) tokens.push_back(rest.back());
  Json* at = &tree;
  for (; !tokens.empty(); tokens.pop_back()) {
    const std::string& token = tokens.back();
    if (at->is_null()) *at = Json::object();
    if (at->is_object()) {
      at = &(*at)[token];
    } else if (at->is_array() && (token == "0" || token == "1") && std::stoul(token) <= at->size()) {
      if (std::stoul(token) == at->size()) at->push_back(nullptr);
      at = &(*at)[std::stoul(token)];
    } else {
      return;
    }
  }
  *at = value;
}

TEST(JsonEdit, SetsWhatItWouldInATree) {
  RandomJson random(4);
  for (int round = 0; round < 20'000; ++round) {
    Json tree = random.value();
    const std::string text = random.written(tree);
    const std::string pointer = random.pointer(1);
    const Json value = random.value(1);
    const std::string result = edited(Json{{pointer, value}}.dump(), text);
    ASSERT_TRUE(is_json(result)) << result;
    set_in(tree, Json::json_pointer(pointer), value);
    ASSERT_EQ(Json::parse(result), tree) << pointer << " in " << text;
  }
}

TEST(JsonEdit, SetsSeveralAtOnceAsOneByOne) {
  RandomJson random(5);
  for (int round = 0; round < 5'000; ++round) {
    const std::string text = random.written(random.object());
    Json edit = Json::object();
    for (int i = 0; i < 3; ++i) edit[random.pointer(1)] = random.scalar();
    if (!JsonEdit::compile(edit)) continue;  // one within the other
    std::string step_by_step = text;
    for (const auto& [pointer, value] : edit.items())
      step_by_step = edited(Json{{pointer, value}}.dump(), step_by_step);
    ASSERT_EQ(Json::parse(edited(edit.dump(), text)), Json::parse(step_by_step)) << edit << " in " << text;
  }
}

}  // namespace
}  // namespace coyield::generators
