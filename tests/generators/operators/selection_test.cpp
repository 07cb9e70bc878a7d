#include <gtest/gtest.h>

#include <coyield/generators/operators/selection.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "../random_json.hpp"

namespace coyield::generators {
namespace {

using Json = nlohmann::json;

std::string selected(std::string_view selection, Item item) {
  Selection compiled = Selection::compile(Json::parse(selection)).value();
  compiled.apply(item);
  EXPECT_EQ(item.kind(), PayloadKind::json);
  return std::string(item.payload());
}
std::string selected(std::string_view selection, std::string_view json) {
  return selected(selection, Item::json(json));
}

TEST(Selection, KeepsAndRenames) {
  constexpr std::string_view item =
      R"({"ts": 1.50,"msg":"a\u0041","user":{"id":7, "tags":["x",{}]},"n":null})";
  EXPECT_EQ(selected(R"(["/ts","/msg"])", item), R"({"ts":1.50,"msg":"a\u0041"})");
  EXPECT_EQ(selected(R"(["/msg","/ts"])", item), R"({"msg":"a\u0041","ts":1.50})") << "in the order written";
  EXPECT_EQ(selected(R"(["/user/id","/user/tags/1"])", item), R"({"id":7,"1":{}})");
  EXPECT_EQ(selected(R"({"time":"/ts","text":"/msg"})", item), R"({"text":"a\u0041","time":1.50})");
  EXPECT_EQ(selected(R"([{"time":"/ts"},"/n",{"who":"/user"}])", item),
            R"({"time":1.50,"n":null,"who":{"id":7, "tags":["x",{}]}})");
  EXPECT_EQ(selected(R"({"a":"/ts","b":"/ts"})", item), R"({"a":1.50,"b":1.50})");
  EXPECT_EQ(selected(R"({"a \"name\"":"/ts"})", item), R"({"a \"name\"":1.50})");
}

TEST(Selection, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(selected(R"(["/a","/b","/c"])", R"({"b":1})"), R"({"b":1})");
  EXPECT_EQ(selected(R"(["/a"])", R"({"b":1})"), "{}");
  EXPECT_EQ(selected(R"(["/a"])", "5"), "{}");
}

TEST(Selection, KeepsTheDigitsOfNumbers) {
  EXPECT_EQ(selected(R"(["/a","/b"])", R"({"a":123456789012345678901234567890,"b":1.10e+2})"),
            R"({"a":123456789012345678901234567890,"b":1.10e+2})");
}

TEST(Selection, MakesObjectsOfOtherItems) {
  EXPECT_EQ(selected(R"({"item":""})", " [1, 2] "), R"({"item":[1, 2]})");
  EXPECT_EQ(selected(R"({"line":""})", Item::text("say \"hi\"\t\xff")),
            "{\"line\":\"say \\\"hi\\\"\\t\xef\xbf\xbd\"}");
  EXPECT_EQ(selected(R"({"line":""})", Item::text("")), R"({"line":""})");
  EXPECT_EQ(selected(R"({"data":""})", Item::bytes(std::string_view("\0\xff", 2))), R"({"data":"AP8="})");
}

TEST(Selection, KeepsIdAndEvent) {
  Selection selection = Selection::compile(Json::parse(R"(["/a"])")).value();
  Item item = Item::json(R"({"a":1,"b":2})");
  item.set_id("7");
  item.set_event("new");
  item = item.own();
  selection.apply(item);
  EXPECT_EQ(item.payload(), R"({"a":1})");
  EXPECT_EQ(item.id(), "7");
  EXPECT_EQ(item.event(), "new");
}

TEST(Selection, SaysWhatToWriteInstead) {
  struct Row {
    const char* selection;
    const char* sentence;
  };
  const Row rows[] = {
      {R"("/ts")", R"("/ts" is no list of places; write ["/ts"])"},
      {R"([])",
       R"(there is nothing to keep; write the places to keep: ["/ts", "/msg"], or with new names: { "time": "/ts" })"},
      {R"(5)",
       R"(there is nothing to keep; write the places to keep: ["/ts", "/msg"], or with new names: { "time": "/ts" })"},
      {R"(["ts"])", R"("ts" is no JSON Pointer; write "/ts")"},
      {R"([5])", R"(5 in the list is no place in the item; write "/name")"},
      {R"([""])", R"("" is the whole item, which has no name; give it one: { "item": "" })"},
      {R"({"a":"ts"})", R"("a": "ts" is no JSON Pointer; write "/ts")"},
      {R"({"a":true})",
       R"("a" is to be made of true, which is no place in the item; write { "a": "/name" })"},
      {R"(["/a/id","/b/id"])",
       R"(two members would have the name "id"; give one another name: { "id2": "/b/id" })"},
  };
  for (const Row& row : rows) {
    const auto selection = Selection::compile(Json::parse(row.selection));
    ASSERT_FALSE(selection) << row.selection;
    EXPECT_EQ(to_string(selection.error()), row.sentence);
  }
}

TEST(Selection, AllMistakesInItAreFoundWithTheirPlaces) {
  const auto mistakes =
      Selection::check(Json::parse(R"(["ts",5,"/a",{"b":true,"c":"d","e":"/e"},"/x/a"])"), "members");
  std::vector<std::string> places;
  for (const auto& each : mistakes) places.push_back(each.place.to_string());
  EXPECT_EQ(places, (std::vector<std::string>{"/0", "/1", "/3/b", "/3/c", "/4"}));
}

TEST(Selection, SelectsWhatATreeHas) {
  RandomJson random(3);
  for (int round = 0; round < 5'000; ++round) {
    const Json tree = random.value();
    const std::string text = random.written(tree);
    Json written = Json::object();
    Json expected = Json::object();
    for (const char* name : {"one", "two", "three"}) {
      written[name] = random.pointer();
      const Json::json_pointer pointer(written[name].get<std::string>());
      if (tree.contains(pointer)) expected[name] = tree.at(pointer);
    }
    ASSERT_EQ(Json::parse(selected(written.dump(), text)), expected) << written << " of " << text;
  }
}

}  // namespace
}  // namespace coyield::generators
