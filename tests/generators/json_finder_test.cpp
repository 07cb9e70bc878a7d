#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_finder.hpp>
#include <string>
#include <vector>

#include "random_json.hpp"

namespace coyield::generators {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

/// What stands at each pointer; empty for nothing.
Texts find(const Item& item, const Texts& pointers) {
  JsonFinder finder;
  std::vector<std::size_t> places;
  for (const std::string& text : pointers) places.push_back(finder.add(*parse_pointer(text)));
  std::vector<JsonValue> found(finder.size());
  finder.find(item, found);
  Texts texts;
  for (const std::size_t place : places) texts.emplace_back(found[place].raw());
  return texts;
}
Texts find(std::string_view json, const Texts& pointers) { return find(Item::json(json), pointers); }

TEST(JsonFinder, FindsWhatStandsThere) {
  constexpr std::string_view text =
      R"( {"a": 1.50 , "b":{"c":[10,{"d":"x"}] ,"e":{}},"":"empty","n":null,"a/b":true,"m~n":"\u0041"} )";
  EXPECT_EQ(find(text, {"/a", "/b/c", "/b/c/0", "/b/c/1/d", "/b/e", "/", "/n", "/a~1b", "/m~0n"}),
            (Texts{"1.50", R"([10,{"d":"x"}])", "10", R"("x")", "{}", R"("empty")", "null", "true",
                   R"("\u0041")"}));
  EXPECT_EQ(find(text, {"/x", "/a/b", "/b/c/2", "/b/c/-", "/b/c/00", "/n/a", "/b/c/1/d/0"}), Texts(7));
  EXPECT_EQ(find(text, {""}).front(), text.substr(1, text.size() - 2));
  EXPECT_EQ(find(text, {"/a", "/a"}), (Texts{"1.50", "1.50"}));
}

TEST(JsonFinder, FindsAValueAndWhatIsInIt) {
  EXPECT_EQ(find(R"({"a":{"b":[1,2],"c":3},"d":4})", {"", "/a", "/a/b", "/a/b/1", "/a/c", "/d"}),
            (Texts{R"({"a":{"b":[1,2],"c":3},"d":4})", R"({"b":[1,2],"c":3})", "[1,2]", "2", "3", "4"}));
  EXPECT_EQ(find("[[1,2],3]", {"/1", "/0/1", "/0"}), (Texts{"3", "2", "[1,2]"}));
}

TEST(JsonFinder, FindsInTextsThatAreNoObject) {
  EXPECT_EQ(find(" 5 ", {"", "/a"}), (Texts{"5", ""}));
  EXPECT_EQ(find(R"("a\nb")", {"", "/0"}), (Texts{R"("a\nb")", ""}));
  EXPECT_EQ(find("[]", {"/0", ""}), (Texts{"", "[]"}));
  EXPECT_EQ(find("123456789012345678901234567890", {""}), (Texts{"123456789012345678901234567890"}));
}

TEST(JsonFinder, TakesTextAndBytesForATextAndAGapForNothing) {
  EXPECT_EQ(find(Item::text("say \"hi\""), {"", "/a"}), (Texts{"say \"hi\"", ""}));
  EXPECT_EQ(find(Item::text(R"({"a":1})"), {"/a"}), (Texts{""}));
  EXPECT_EQ(find(Item::bytes("\xff"), {""}), (Texts{"\xff"}));
  EXPECT_EQ(find(Item::gap(R"({"count":1})"), {"", "/count"}), (Texts{"", ""}));
}

TEST(JsonFinder, TakesTheLastOfTwoMembersOfOneName) {
  EXPECT_EQ(find(R"({"a":1,"a":2})", {"/a"}), (Texts{"2"}));
  EXPECT_EQ(find(R"({"a":{"b":1,"c":2},"a":{"c":3}})", {"/a/b", "/a/c"}), (Texts{"", "3"}));
  EXPECT_EQ(find(R"({"a":{"b":1},"\u0061":5})", {"/a/b", "/a"}), (Texts{"", "5"}));
}

TEST(JsonFinder, IsNotDeceivedByQuotesAndEscapesInNames) {
  EXPECT_EQ(find(R"({"a":1,"b":2})", {R"(/a":1,"b)"}), (Texts{""}));
  EXPECT_EQ(find(R"({"a\\":1,"b":2})", {R"(/a\)", R"(/a\\)", "/a"}), (Texts{"1", "", ""}));
  EXPECT_EQ(find(R"({"a\"b":1})", {R"(/a"b)", R"(/a\)"}), (Texts{"1", ""}));
  EXPECT_EQ(find(R"({"x":1})", {"/x" + std::string(10'000, 'x'), "/x"}), (Texts{"", "1"}));
}

TEST(JsonFinder, ReadsWhatIsNestedDeeplyAndWhatIsLong) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(find(R"({"a":)" + deep + R"(,"b":1})", {"/b"}), (Texts{"1"}));
  EXPECT_EQ(find(R"({"a":)" + deep + "}", {"/a"}), (Texts{deep}));
  std::string pointer;
  std::string text = "1";
  for (int i = 0; i < 500; ++i) {
    pointer += "/a";
    text = R"({"a":)" + text + "}";
  }
  EXPECT_EQ(find(text, {pointer}), (Texts{"1"}));
  const std::string long_text = "\"" + std::string(std::size_t{1024} * 1024, 'x') + "\"";
  EXPECT_EQ(find(R"({"a":)" + long_text + "}", {"/a"}), (Texts{long_text}));
}

TEST(JsonFinder, FailsWhereItNoticesThatTheTextIsNoJson) {
  for (const char* text : {R"({"a":1)", R"({"a")", R"({"b":"x)", "{\"b\":\"\xff\"}", R"({1:2})"}) {
    EXPECT_THROW(find(text, {"/a"}), Failure) << text;
  }
}

void write_pair(const void*, Buffer& out) { out.append(R"({"i":7})"); }

TEST(JsonFinder, LooksIntoValues) {
  Item item;
  item.set_value(1, &write_pair);
  EXPECT_EQ(find(item, {"/i"}), (Texts{"7"}));
}

TEST(JsonFinder, FindsWhatATreeHas) {
  RandomJson random(1);
  for (int round = 0; round < 20'000; ++round) {
    const Json tree = random.value();
    const std::string text = random.written(tree);
    Texts pointers;
    for (int i = 0; i < 4; ++i) pointers.push_back(random.pointer());
    const Texts found = find(text, pointers);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const Json::json_pointer pointer(pointers[i]);
      ASSERT_EQ(found[i].empty(), !tree.contains(pointer)) << text << " " << pointers[i];
      if (found[i].empty()) continue;
      ASSERT_EQ(Json::parse(found[i]), tree.at(pointer)) << text << " " << pointers[i];
    }
  }
}

TEST(JsonValue, ResolvesEscapesOfTexts) {
  EXPECT_EQ(JsonValue::json(R"("plain")").text(), "plain");
  EXPECT_EQ(JsonValue::json(R"("\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00")").text(),
            "\"\\/\b\f\n\r\tA\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(JsonValue::json(R"("\u0000")").text(), std::string_view("\0", 1));
  EXPECT_EQ(JsonValue::plain_text(R"(a\n)").text(), R"(a\n)");
  const std::string many(10'000, 'x');
  EXPECT_EQ(JsonValue::json("\"" + many + "\\n\"").text(), many + "\n");
}

TEST(JsonValue, IsTheSameAsATreesValue) {
  EXPECT_TRUE(JsonValue::json(R"("\u0041")").is_text("A"));
  EXPECT_FALSE(JsonValue::json(R"("a\n")").is_text(R"(a\n)"));
  EXPECT_FALSE(JsonValue().equals(nullptr)) << "nothing is not null";
  EXPECT_TRUE(JsonValue::json("null").equals(nullptr));
  EXPECT_TRUE(JsonValue::json(R"({"b":[1.0, 2] ,"a":"\u0041"})").equals({{"a", "A"}, {"b", {1, 2}}}));
  EXPECT_FALSE(JsonValue::json("[9007199254740993]").equals(Json::array({9007199254740992.0})));
  EXPECT_TRUE(JsonValue::json(R"({"a":1,"a":2})").equals({{"a", 2}}));
  EXPECT_FALSE(JsonValue::json("[1e400]").equals(Json::array({1})));
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_FALSE(JsonValue::json(deep).equals(Json::array()));
}

}  // namespace
}  // namespace coyield::generators
