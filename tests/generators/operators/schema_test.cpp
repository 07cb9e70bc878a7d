#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>

#include "configured.hpp"

namespace coyield::generators {
namespace {

using testing::TestLoop;

const ConfiguredOperators operators;

constexpr const char* person =
    R"({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer", "minimum": 1},
        "name": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 5}, "tags": {"uniqueItems": true},
        "boss": {"$ref": "#"}}})";

std::string with(const std::string& schema, const std::string& on_invalid) {
  return R"({"schema": {"schema": )" + schema + R"(, "on_invalid": ")" + on_invalid + R"("}})";
}
std::string failure_of(const std::string& schema, const std::string& text) {
  try {
    through(operators, R"({"schema": )" + schema + "}", {text});
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), FailureKind::upstream);
    return failure.message();
  }
  return "";
}

TEST(Schema, ItemsThatFitPassAsTheyAre) {
  const Texts good = {R"({"id": 12345678901234567890, "name": "ab"})",
                      R"({ "id":1,"tags":[1,"1",[1],{"a":1},null,true]})",
                      R"({"id":1,"boss":{"id":2,"boss":{"id":3}}})", std::string(gap_text)};
  EXPECT_EQ(through(operators, R"({"schema": )" + std::string(person) + "}", good), good);
}

TEST(Schema, AFailureSaysWhatIsWrongAndWhere) {
  const std::string head = "an item does not fit the schema: ";
  EXPECT_EQ(failure_of(person, R"({"name": "a"})"), head + R"(Missing required property 'id'.)");
  EXPECT_EQ(failure_of(person, R"({"id": "1"})"),
            head + R"("/id": Value type not permitted by 'type' constraint.)");
  EXPECT_EQ(failure_of(person, R"({"id": 1, "name": "Ab"})"),
            head + R"("/name": the text does not match the pattern ^[a-z]+$)");
  EXPECT_EQ(failure_of(person, R"({"id": 1, "boss": {"id": 2, "boss": {"id": 0}}})"),
            head + R"("/boss/boss/id": Expected number greater than or equal to 1.000000)");
  EXPECT_EQ(failure_of(person, R"({"id": 1, "tags": [[1, 2], 3, [1, 2]]})"),
            head + R"("/tags": elements of the array are the same)");
  EXPECT_EQ(failure_of(person, "[]"), head + R"(Value type not permitted by 'type' constraint.)");
}

TEST(Schema, WhatIsDroppedIsGone) {
  EXPECT_EQ(through(operators, with(person, "drop"), {R"({"id":0})", R"({"id":1})", "5", R"({"id":2})"}),
            (Texts{R"({"id":1})", R"({"id":2})"}));
}

TEST(Schema, WhatIsMarkedSaysWhy) {
  const auto given = []() -> AsyncGenerator<Item> {
    Item item = Item::json(R"({"id":0})");
    item.set_id("5");
    co_yield std::move(item);
    co_yield Item::json(R"({"id":1})");
    co_yield Item::text("a\"b");
  };
  TestLoop loop;
  const auto seen = loop.collect(operators.apply(with(person, "mark"), given()));
  EXPECT_EQ(
      payloads(seen),
      (Texts{R"({"invalid":"\"/id\": Expected number greater than or equal to 1.000000","item":{"id":0}})",
             R"({"id":1})",
             R"({"invalid":"Value type not permitted by 'type' constraint.","item":"a\"b"})"}));
  EXPECT_EQ(seen.stamped()[0].item.event(), "invalid");
  EXPECT_EQ(seen.stamped()[0].item.id(), "5");
  EXPECT_EQ(seen.stamped()[1].item.event(), "");
}

TEST(Schema, TextIsAStringToIt) {
  TestLoop loop;
  const auto given = []() -> AsyncGenerator<Item> {
    co_yield Item::text("abc");
    co_yield Item::text("5");
  };
  const auto seen =
      loop.collect(operators.apply(with(R"({"type": "string", "minLength": 3})", "drop"), given()));
  EXPECT_EQ(payloads(seen), Texts{"abc"});
}

TEST(Schema, LongTextsAndArraysTakeNoMoreThanTheirLength) {
  const std::string text = "\"" + std::string(1'000'000, 'a') + "!\"";
  EXPECT_NE(failure_of(R"({"pattern": "^(a+)+$"})", text), "");
  EXPECT_EQ(failure_of(R"({"format": "date", "pattern": "^(a+)+!$"})", text), "");
  std::string array = "[0";
  for (int i = 1; i < 100'000; ++i) array += "," + std::to_string(i);
  EXPECT_EQ(failure_of(R"({"uniqueItems": true})", array + "]"), "");
  EXPECT_NE(failure_of(R"({"uniqueItems": true})", array + ",5]"), "");
}

TEST(Schema, DeepItemsAreGoneThrough) {
  const std::string deep = std::string(512, '[') + std::string(512, ']');
  EXPECT_EQ(failure_of(R"({"items": {"$ref": "#"}, "uniqueItems": true, "type": "array"})", deep), "");
}

TEST(Schema, KeywordsThatAreNamesOfMembersAreNames) {
  const std::string schema = R"({"properties": {"pattern": {"type": "integer"}, "format": {"type": "string"}},
      "required": ["pattern"], "enum": [{"pattern": 1, "format": "date"}]})";
  EXPECT_EQ(failure_of(schema, R"({"pattern": 1, "format": "date"})"), "");
  EXPECT_NE(failure_of(schema, R"({"pattern": "1", "format": "date"})"), "");
}

TEST(Schema, WhatRefersToItselfThroughAPartOfTheItemMay) {
  EXPECT_EQ(
      failure_of(
          R"({"$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "$ref": "#/$defs/tree"})",
          "[[],[[]]]"),
      "");
}

TEST(Schema, Mistakes) {
  const auto mistakes = [](const std::string& schema) {
    return operators.mistakes_in(R"({"schema": {"schema": )" + schema + "}}");
  };
  EXPECT_EQ(mistakes("5"), Texts{R"(operator.schema: a schema is an object; write { "type": "object" })"});
  EXPECT_EQ(
      mistakes(R"({"type": "strin"})"),
      Texts{R"(operator.schema: it is no JSON Schema of draft 7: Unrecognised JSON type name 'strin')"});
  EXPECT_EQ(
      mistakes(R"({"properties": {"a": {"pattern": "("}}})"),
      Texts{
          R"(operator.schema: "/properties/a": "pattern" is not one of RE2: missing ): (; write it otherwise)"});
  EXPECT_EQ(
      mistakes(R"x({"pattern": "(?=a)"})x"),
      Texts{
          R"(operator.schema: "pattern" is not one of RE2: invalid perl operator: (?=; write it otherwise)"});
  EXPECT_EQ(
      mistakes(R"({"items": {"patternProperties": {}}})"),
      Texts{R"(operator.schema: "/items": "patternProperties" is not supported; name them in "properties")"});
  EXPECT_EQ(mistakes(R"({"$ref": "https://example.com/a"})"),
            Texts{R"(operator.schema: "$ref" leads to another document; write "#/$defs/NAME")"});
  EXPECT_EQ(
      mistakes(R"({"$ref": "#/$defs/a"})"),
      Texts{R"(operator.schema: "$ref" leads to "#/$defs/a", which is not there; write "#/$defs/NAME")"});
  EXPECT_EQ(
      mistakes(R"({"allOf": [{"$ref": "#"}]})"),
      Texts{
          R"(operator.schema: "/allOf/0": it leads back to itself without a part of the item in between; let it say something of a member, or of elements)"});
  EXPECT_EQ(
      mistakes(
          R"({"properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {"anyOf": [true, {"$ref": "#/$defs/c"}]},
      "c": {"not": {"$ref": "#/$defs/b"}}}})"),
      Texts{
          R"(operator.schema: "/properties/a/anyOf/1/not": it leads back to itself without a part of the item in between; let it say something of a member, or of elements)"});
}

}  // namespace
}  // namespace coyield::generators
