#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/generators/operators/condition.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "../random_json.hpp"

namespace coyield::generators {
namespace {

using Json = nlohmann::json;

bool holds(std::string_view condition, const Item& item, Texts texts = Texts::written) {
  return Condition::compile(Json::parse(condition), texts).value().holds(item);
}
bool holds(std::string_view condition, std::string_view json, Texts texts = Texts::written) {
  return holds(condition, Item::json(json), texts);
}

TEST(Condition, HoldsOrDoesNot) {
  struct Row {
    const char* condition;
    const char* item;
    bool expected;
  };
  const Row rows[] = {
      // Equality.
      {R"({"/a":"x"})", R"({"a":"x"})", true},
      {R"({"/a":"x"})", R"({"a":"\u0078"})", true},
      {R"({"/a":"x"})", R"({"\u0061":"x"})", true},
      {R"({"/a":"x"})", R"({"a":"y"})", false},
      {R"({"/a":"x"})", R"({"b":"x"})", false},
      {R"({"/a":"5"})", R"({"a":5})", false},
      {R"({"/a":1})", R"({"a":1.0})", true},
      {R"({"/a":1e1})", R"({"a":10})", true},
      {R"({"/a":9007199254740993})", R"({"a":9007199254740993})", true},
      {R"({"/a":9007199254740993})", R"({"a":9007199254740992})", false},
      {R"({"/a":18446744073709551615})", R"({"a":18446744073709551615})", true},
      {R"({"/a":18446744073709551615})", R"({"a":18446744073709551616})", false},
      {R"({"/a":true})", R"({"a":true})", true},
      {R"({"/a":false})", R"({"a":true})", false},
      {R"({"/a":null})", R"({"a":null})", true},
      {R"({"/a":null})", R"({})", false},
      {R"({"/a":[1,{"b":"c"}]})", R"({"a":[1.0,{"b":"\u0063"}]})", true},
      {R"({"/a":[1]})", R"({"a":[1,2]})", false},
      {R"({"/a":{"equals":{"b":1,"c":2}}})", R"({"a":{"c":2,"b":1}})", true},
      {R"({"/a":{"equals":{}}})", R"({"a":{"b":1}})", false},
      {R"({"/a":{"not":"x"}})", R"({"a":"y"})", true},
      {R"({"/a":{"not":"x"}})", R"({"a":"x"})", false},
      {R"({"/a":{"not":"x"}})", R"({})", true},
      {R"({"/a":{"not":{"prefix":"x"}}})", R"({"a":"xy"})", false},
      {R"({"/a":{"one_of":["x",2,null]}})", R"({"a":2.0})", true},
      {R"({"/a":{"one_of":["x",2,null]}})", R"({"a":null})", true},
      {R"({"/a":{"one_of":["x",2,null]}})", R"({"a":3})", false},
      {R"({"/a":{"one_of":["x",2,null]}})", R"({})", false},
      // Order.
      {R"({"/a":{"less":5}})", R"({"a":4.9})", true},
      {R"({"/a":{"less":5}})", R"({"a":5})", false},
      {R"({"/a":{"less":5}})", R"({"a":"4"})", false},
      {R"({"/a":{"less":5}})", R"({"a":null})", false},
      {R"({"/a":{"less":5}})", R"({})", false},
      {R"({"/a":{"at_most":5}})", R"({"a":5})", true},
      {R"({"/a":{"greater":5}})", R"({"a":5})", false},
      {R"({"/a":{"greater":5}})", R"({"a":1e400})", true},
      {R"({"/a":{"at_least":5}})", R"({"a":5.0})", true},
      {R"({"/a":{"at_least":9007199254740993}})", R"({"a":9007199254740992})", false},
      {R"({"/a":{"greater":1,"less":3}})", R"({"a":2})", true},
      {R"({"/a":{"greater":1,"less":3}})", R"({"a":3})", false},
      {R"({"/a":{"less":"b"}})", R"({"a":"abc"})", true},
      {R"({"/a":{"less":"b"}})", R"({"a":1})", false},
      {R"({"/a":{"greater":"z"}})", R"({"a":"é"})", true},
      {R"({"/a":{"greater":"\uffff"}})", R"({"a":"\ud83d\ude00"})", true},
      {R"({"/a":{"at_least":"2026-01-01"}})", R"({"a":"2026-02-03T04:05:06Z"})", true},
      // There or not.
      {R"({"/a":{"exists":true}})", R"({"a":null})", true},
      {R"({"/a":{"exists":true}})", R"({})", false},
      {R"({"/a":{"exists":false}})", R"({})", true},
      {R"({"/a/b":{"exists":true}})", R"({"a":{"b":[]}})", true},
      // Parts.
      {R"({"/a":{"prefix":"web"}})", R"({"a":"web1"})", true},
      {R"({"/a":{"prefix":"web"}})", R"({"a":"\u0077eb"})", true},
      {R"({"/a":{"prefix":"web"}})", R"({"a":"a web"})", false},
      {R"({"/a":{"prefix":"web"}})", R"({"a":["web"]})", false},
      {R"({"/a":{"contains":"or"}})", R"({"a":"error"})", true},
      {R"({"/a":{"contains":"\n"}})", R"({"a":"a\nb"})", true},
      {R"({"/a":{"contains":"n"}})", R"({"a":"a\nb"})", false},
      {R"({"/a":{"contains":""}})", R"({"a":""})", true},
      {R"({"/a":{"contains":1}})", R"({"a":[3, 1.0 ]})", true},
      {R"({"/a":{"contains":"x"}})", R"({"a":["xy","\u0078"]})", true},
      {R"({"/a":{"contains":"x"}})", R"({"a":["xy",["x"]]})", false},
      {R"({"/a":{"contains":[1]}})", R"({"a":[1,[1]]})", true},
      {R"({"/a":{"contains":{"equals":1}}})", R"({"a":[{"equals":1}]})", true},
      {R"({"/a":{"contains":1}})", R"({"a":[]})", false},
      {R"({"/a":{"contains":1}})", R"({"a":"1"})", false},
      {R"({"/a":{"contains":"a"}})", R"({"a":{"a":1}})", false},
      // Together.
      {R"({"/a":1,"/b":2})", R"({"b":2,"a":1})", true},
      {R"({"/a":1,"/b":2})", R"({"b":3,"a":1})", false},
      {R"({"or":[{"/a":1},{"/b":2}]})", R"({"b":2})", true},
      {R"({"or":[{"/a":1},{"/b":2}]})", R"({"a":2,"b":1})", false},
      {R"({"and":[{"/a":1},{"/b":2}]})", R"({"a":1})", false},
      {R"({"not":{"/a":1,"/b":2}})", R"({"a":1,"b":3})", true},
      {R"({"not":{"/a":1,"/b":2}})", R"({"a":1,"b":2})", false},
      {R"({"/c":3,"or":[{"/a":1},{"not":{"/b":2}}]})", R"({"c":3,"b":2})", false},
      {R"({"/a":{"or":[{"less":1},{"greater":3},2]}})", R"({"a":2})", true},
      {R"({"/a":{"or":[{"less":1},{"greater":3},2]}})", R"({"a":2.5})", false},
      {R"({"/a":{"and":[{"not":1},{"not":2}]}})", R"({"a":3})", true},
      {R"({"/a":{"exists":true},"/a/b":1})", R"({"a":{"b":1}})", true},
      // The whole item, and items that are no object.
      {R"({"":5})", "5", true},
      {R"({"":{"contains":2}})", "[1,2]", true},
      {R"({"":{"prefix":"a"}})", R"("abc")", true},
      {R"({"/0":1})", "[1]", true},
      {R"({"/a":1})", "null", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(holds(row.condition, std::string_view(row.item)), row.expected)
        << row.condition << " of " << row.item;
  }
}

TEST(Condition, LooksAtTextItemsAsAWhole) {
  const Item line = Item::text(R"(GET "/" 500)");
  EXPECT_TRUE(holds(R"({"":{"contains":"\"/\" 5"}})", line));
  EXPECT_FALSE(holds(R"({"":{"contains":"\\"}})", line)) << "a text has no escapes";
  EXPECT_FALSE(holds(R"({"/a":{"exists":true}})", line));
  EXPECT_TRUE(holds(R"({"":"5"})", Item::text("5")));
  EXPECT_FALSE(holds(R"({"":5})", Item::text("5")));
}

TEST(Condition, ATextFromARequestMayMeanANumberOrABoolean) {
  const auto from_request = [](std::string_view condition, std::string_view item) {
    return holds(condition, item, Texts::from_request);
  };
  EXPECT_TRUE(from_request(R"({"/a":"5"})", R"({"a":5.0})"));
  EXPECT_TRUE(from_request(R"({"/a":"5"})", R"({"a":"5"})"));
  EXPECT_FALSE(from_request(R"({"/a":"5"})", R"({"a":"5.0"})"));
  EXPECT_TRUE(from_request(R"({"/a":"true"})", R"({"a":true})"));
  EXPECT_FALSE(from_request(R"({"/a":"null"})", R"({"a":null})"));
  EXPECT_FALSE(from_request(R"({"/a":"[1]"})", R"({"a":[1]})"));
  EXPECT_TRUE(from_request(R"({"/a":{"greater":"9"}})", R"({"a":10})"));
  EXPECT_FALSE(from_request(R"({"/a":{"greater":"9"}})", R"({"a":"10"})")) << "texts are compared as texts";
  EXPECT_FALSE(from_request(R"({"/a":{"less":"x"}})", R"({"a":1})"));
  EXPECT_TRUE(from_request(R"({"/a":{"contains":"5"}})", R"({"a":[5]})"));
  EXPECT_TRUE(from_request(R"({"/a":{"one_of":["1","2"]}})", R"({"a":2})"));
  EXPECT_FALSE(from_request(R"({"/a":"0x5"})", R"({"a":5})"));
  EXPECT_FALSE(from_request(R"({"/a":"1e400"})", R"({"a":5})"));
}

TEST(Condition, SaysWhatToWriteInstead) {
  struct Row {
    const char* condition;
    const char* sentence;
  };
  const Row rows[] = {
      {R"({"level":"error"})", R"("level" is no JSON Pointer; write "/level")"},
      {R"({"ands":[]})", R"("ands" is no JSON Pointer; write "/ands"; or did you mean "and"?)"},
      {R"({"less":5})",
       R"("less" does not say what is compared; write a place in front of it: { "/name": { "less": ... } })"},
      {R"({"/n":{"greter":5}})", R"("/n": "greter" is no condition; did you mean "greater"?)"},
      {R"({"/n":{"$gt":5}})", R"("/n": "$gt" is called "greater" here; write { "greater": ... })"},
      {R"({"/n":{"xyzzy":5}})",
       R"("/n": "xyzzy" is no condition; there are equals, not, one_of, less, greater, at_least, at_most, )"
       "exists, prefix, contains, and, or"},
      {R"({"/n":{"lte":5}})", R"("/n": "lte" is called "at_most" here; write { "at_most": ... })"},
      {R"({"/n":{"!=":5}})", R"("/n": "!=" is called "not" here; write { "not": ... })"},
      {R"({"/n":{"==":5}})", R"("/n": "==" is called "equals" here; write { "equals": ... })"},
      {R"({"/n":{"in":[5]}})", R"("/n": "in" is called "one_of" here; write { "one_of": ... })"},
      {R"({"/n":{"like":"x"}})", R"("/n": "like" is called "contains" here; write { "contains": ... })"},
      {R"({"/n":{"regex":"x"}})", R"("/n": "regex" is no condition: there are no regular expressions; )"
                                  R"(write { "prefix": "..." } or { "contains": "..." })"},
      {R"({"gt":5})", R"("gt" does not say what is compared, and is called "greater" here; )"
                      R"(write { "/name": { "greater": ... } })"},
      {R"({"and":[{"and":[]}]})", R"("and": "and" has an empty list; write { "and": [{ ... }, { ... }] })"},
      {R"({"/user":{"/name":"x"}})", R"("/user": "/name" stands within the conditions of another place; )"
                                     R"(write the whole way to it in one pointer, as "/user/name")"},
      {R"({"/n":{"less":{"a":1}}})",
       R"("/n": "less" compares with a number or a text, not with an object; write { "less": 5 })"},
      {R"({"/n":{"at_least":null}})",
       R"("/n": "at_least" compares with a number or a text, not with null; write { "at_least": 5 })"},
      {R"({"/n":{"prefix":5}})",
       R"("/n": "prefix" compares with a text, not with 5; write { "prefix": "web" })"},
      {R"({"/n":{"exists":"yes"}})",
       R"("/n": "exists" is true or false, not "yes"; write { "exists": true })"},
      {R"({"/n":{"one_of":[]}})",
       R"("/n": "one_of" has an empty list; write { "one_of": ["first", "second"] })"},
      {R"({"/n":{"one_of":"x"}})",
       R"("/n": "one_of" needs a list, not "x"; write { "one_of": ["first", "second"] })"},
      {R"({"or":{"/a":1}})", R"("or" needs a list, not an object; write { "or": [{ ... }, { ... }] })"},
      {R"({"and":[]})", R"("and" has an empty list; write { "and": [{ ... }, { ... }] })"},
      {R"({"or":[{"/n":{"les":1}}]})", R"("or": "/n": "les" is no condition; did you mean "less"?)"},
      {R"({"not":"x"})",
       R"("not": "x" is no condition; )"
       R"(write { "/level": "error" }, with the place that is looked at as a JSON Pointer)"},
      {R"({"/n":{}})",
       R"("/n": there is no condition in it; write { "equals": {} } to compare with an empty object)"},
      {R"([])", R"(a list is no condition; write { "and": [...] } or { "or": [...] })"},
      {R"({})", R"(there is no condition in it; )"
                R"(write { "/level": "error" }, with the place that is looked at as a JSON Pointer)"},
  };
  for (const Row& row : rows) {
    const auto condition = Condition::compile(Json::parse(row.condition));
    ASSERT_FALSE(condition) << row.condition;
    EXPECT_EQ(to_string(condition.error()), row.sentence) << row.condition;
  }
}

TEST(Condition, AllMistakesInItAreFoundWithTheirPlaces) {
  const auto mistakes = Condition::check(
      Json::parse(R"({"/a~2":1,"/b":{"gt":5,"less":1},"/c":{"at_least":null},"or":[{"/d":1},{"e":1}]})"),
      "condition");
  std::vector<std::string> places;
  for (const auto& each : mistakes) {
    places.push_back(each.place.to_string());
    EXPECT_EQ(each.parameter, "condition");
  }
  EXPECT_EQ(places, (std::vector<std::string>{"/~1a~02", "/~1b/gt", "/~1c/at_least", "/or/1/e"}));
  EXPECT_TRUE(Condition::check(Json::parse(R"({"/a":1})"), "condition").empty());
}

TEST(Condition, IsRefusedWhereItIsNestedTooDeep) {
  Json condition = {{"/a", 1}};
  for (int i = 0; i < 60; ++i) condition = {{"not", std::move(condition)}};
  EXPECT_TRUE(Condition::compile(condition));
  for (int i = 0; i < 10'000; ++i) condition = {{"not", std::move(condition)}};
  EXPECT_FALSE(Condition::compile(condition));
}

/// The same language, asked of a tree.
class Oracle {
 public:
  static bool holds(const Json& condition, const Json& item) {
    return std::ranges::all_of(condition.items(), [&item](const auto& member) {
      if (member.key() == "and") return all(member.value(), item, &Oracle::holds);
      if (member.key() == "or") return any(member.value(), item, &Oracle::holds);
      if (member.key() == "not") return !holds(member.value(), item);
      const Json::json_pointer pointer(member.key());
      return value_holds(member.value(), item.contains(pointer) ? &item.at(pointer) : nullptr);
    });
  }

 private:
  static bool value_holds(const Json& written, const Json* value) {
    if (!written.is_object()) return value != nullptr && *value == written;
    return std::ranges::all_of(written.items(), [value](const auto& member) {
      return word_holds(member.key(), member.value(), value);
    });
  }
  static bool word_holds(const std::string& word, const Json& operand, const Json* value) {
    if (word == "and") return all(operand, value, &Oracle::value_holds);
    if (word == "or") return any(operand, value, &Oracle::value_holds);
    if (word == "not") return !value_holds(operand, value);
    if (word == "exists") return operand == (value != nullptr);
    if (value == nullptr) return false;
    if (word == "equals") return *value == operand;
    if (word == "one_of") return std::ranges::find(operand, *value) != operand.end();
    if (word == "prefix") return value->is_string() && text(*value).starts_with(text(operand));
    if (word == "contains") return contains(*value, operand);
    const bool comparable =
        (value->is_number() && operand.is_number()) || (value->is_string() && operand.is_string());
    if (word == "less") return comparable && *value < operand;
    if (word == "greater") return comparable && *value > operand;
    if (word == "at_least") return comparable && *value >= operand;
    return comparable && *value <= operand;
  }
  static bool contains(const Json& value, const Json& operand) {
    if (value.is_array()) return std::ranges::find(value, operand) != value.end();
    return value.is_string() && operand.is_string() && text(value).find(text(operand)) != std::string::npos;
  }
  static const std::string& text(const Json& value) { return value.get_ref<const std::string&>(); }
  template <class Value, class Holds>
  static bool all(const Json& list, const Value& value, Holds each) {
    return std::ranges::all_of(list, [&](const Json& one) { return each(one, value); });
  }
  template <class Value, class Holds>
  static bool any(const Json& list, const Value& value, Holds each) {
    return std::ranges::any_of(list, [&](const Json& one) { return each(one, value); });
  }
};

class RandomCondition : public RandomJson {
 public:
  using RandomJson::RandomJson;

  Json condition(unsigned depth = 2) {
    Json out = Json::object();
    for (unsigned n = 1 + below(2); n > 0; --n) {
      const unsigned kind = depth == 0 ? 9 : below(10);
      if (kind == 0) out["and"] = list([&] { return condition(depth - 1); });
      if (kind == 1) out["or"] = list([&] { return condition(depth - 1); });
      if (kind == 2) out["not"] = condition(depth - 1);
      if (kind > 2) out[pointer()] = on_value(depth);
    }
    return out;
  }

 private:
  template <class Make>
  Json list(Make make) {
    Json out = Json::array();
    for (unsigned n = 1 + below(2); n > 0; --n) out.push_back(make());
    return out;
  }
  Json on_value(unsigned depth) {
    if (below(3) == 0) return scalar();
    Json out = Json::object();
    for (unsigned n = 1 + below(2); n > 0; --n) {
      const auto word = one_of<std::string>({"equals", "not", "one_of", "less", "greater", "at_least",
                                             "at_most", "exists", "prefix", "contains", "and", "or"});
      out[word] = operand(word, depth);
    }
    return out;
  }
  Json operand(const std::string& word, unsigned depth) {
    if (word == "exists") return below(2) == 0;
    if (word == "prefix") return text();
    if (word == "equals" || word == "contains") return value(2);
    if (word == "one_of") return list([&] { return value(2); });
    if (word == "not") return depth == 0 ? scalar() : on_value(depth - 1);
    if (word == "and" || word == "or") {
      return list([&] { return depth == 0 ? scalar() : on_value(depth - 1); });
    }
    return below(2) == 0 ? Json(text()) : number();
  }
};

TEST(Condition, HoldsWhereItHoldsOfATree) {
  RandomCondition random(2);
  int held = 0;
  constexpr int conditions = 5'000;
  for (int round = 0; round < conditions; ++round) {
    const Json written = random.condition();
    auto condition = Condition::compile(written);
    ASSERT_TRUE(condition) << written << " " << to_string(condition.error());
    for (int i = 0; i < 8; ++i) {
      const Json tree = random.value();
      const std::string text = random.written(tree);
      const bool expected = Oracle::holds(written, tree);
      ASSERT_EQ(condition->holds(Item::json(text)), expected) << written << " of " << text;
      held += expected ? 1 : 0;
    }
  }
  EXPECT_GT(held, conditions / 2) << "conditions that never hold test little";
  EXPECT_LT(held, 7 * conditions);
}

}  // namespace
}  // namespace coyield::generators
