#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/operators/json_diff.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "../random_json.hpp"

namespace coyield::generators {
namespace {

using Json = nlohmann::json;

/// The patch, or nothing.
std::string applied(JsonDiff& diff, Item item) {
  if (!diff.apply(item)) return "";
  EXPECT_EQ(item.kind(), PayloadKind::json);
  EXPECT_TRUE(is_json(item.payload())) << item.payload();
  return std::string(item.payload());
}
std::string whole(std::string_view value) {
  return R"([{"op":"replace","path":"","value":)" + std::string(value) + "}]";
}
/// Something of the same length in both, so that a patch is never longer than the whole.
std::string patch(const std::string& from, const std::string& to) {
  const std::string ballast = R"(,"ballast":")" + std::string(1000, 'x') + "\"}";
  JsonDiff diff;
  applied(diff, Item::json(R"({"v":)" + from + ballast));
  return applied(diff, Item::json(R"({"v":)" + to + ballast));
}

TEST(JsonDiff, GivesTheWholeFirstAndAfterForgetting) {
  JsonDiff diff;
  EXPECT_EQ(applied(diff, Item::json(R"({ "a": 1 })")), whole(R"({"a":1})"));
  EXPECT_EQ(applied(diff, Item::json(R"({"a":1})")), "");
  diff.forget();
  EXPECT_EQ(applied(diff, Item::json(R"({"a":1})")), whole(R"({"a":1})"));
}

TEST(JsonDiff, SaysWhatHasChanged) {
  struct Row {
    const char* from;
    const char* to;
    const char* expected;
  };
  const Row rows[] = {
      {"1", "2", R"([{"op":"replace","path":"/v","value":2}])"},
      {"1", "1.0", R"([{"op":"replace","path":"/v","value":1.0}])"},
      {"-1", "18446744073709551615", R"([{"op":"replace","path":"/v","value":18446744073709551615}])"},
      {"1", R"("1")", R"([{"op":"replace","path":"/v","value":"1"}])"},
      {"{}", "[]", R"([{"op":"replace","path":"/v","value":[]}])"},
      {"{}", R"({"a":[1, 2]})", R"([{"op":"add","path":"/v/a","value":[1,2]}])"},
      {R"({"a":1,"b":2})", R"({"b":2})", R"([{"op":"remove","path":"/v/a"}])"},
      {R"({"a":1,"b":2})", R"({"b":2,"a":1})", ""},
      {R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"d":3,"c":4},"e":5})",
       R"([{"op":"remove","path":"/v/a"},{"op":"replace","path":"/v/b/c","value":4},{"op":"add","path":"/v/e","value":5}])"},
      {R"({"a/b":1,"c~d":1,"e\"f":1})", R"({"a/b":2,"c~d":2,"e\"f":2})",
       R"([{"op":"replace","path":"/v/a~1b","value":2},{"op":"replace","path":"/v/c~0d","value":2},{"op":"replace","path":"/v/e\"f","value":2}])"},
      {R"({"\u0061":1})", R"({"a":1})", ""},
      {R"({"a\/b":1})", R"({"a\/b":2})", R"([{"op":"replace","path":"/v/a~1b","value":2}])"},
      {R"({"a":1,"a":2})", R"({"a":2})", ""},
      {R"({"a":5,"a":2})", R"({"a":2,"a":3})", R"([{"op":"replace","path":"/v/a","value":3}])"},
      {"[1,2,3]", "[1,2,3,4]", R"([{"op":"add","path":"/v/3","value":4}])"},
      {"[1,2,3]", "[0,1,2,3]", R"([{"op":"add","path":"/v/0","value":0}])"},
      {"[1,2,3,4]", "[1,4]", R"([{"op":"remove","path":"/v/1"},{"op":"remove","path":"/v/1"}])"},
      {"[1,[2,3],4]", "[1,[2,5],4]", R"([{"op":"replace","path":"/v/1/1","value":5}])"},
      {"[1,2,9]", "[1,5,6,7,9]",
       R"([{"op":"replace","path":"/v/1","value":5},{"op":"add","path":"/v/2","value":6},{"op":"add","path":"/v/3","value":7}])"},
      {"[1,1]", "[1]", R"([{"op":"remove","path":"/v/1"}])"},
      {"[]", "[[]]", R"([{"op":"add","path":"/v/0","value":[]}])"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(patch(row.from, row.to), row.expected) << row.from << " to " << row.to;
}

TEST(JsonDiff, GivesTheWholeWhereThatIsShorter) {
  JsonDiff diff;
  applied(diff, Item::json("[1,2,3]"));
  EXPECT_EQ(applied(diff, Item::json("[4,5,6]")), whole("[4,5,6]"));
}

TEST(JsonDiff, AManifoldDifferenceIsNoLongerThanTheWhole) {
  const auto nested = [](int leaf) {
    std::string text = std::to_string(leaf);
    for (int depth = 0; depth < 500; ++depth) {
      text.insert(0, R"({"a_rather_long_name":)");
      text += R"(,"b":)" + std::to_string(leaf) + "}";
    }
    return text;
  };
  JsonDiff diff;
  applied(diff, Item::json(nested(1)));
  EXPECT_EQ(applied(diff, Item::json(nested(2))), whole(nested(2)));
}

TEST(JsonDiff, KeepsTheDigitsOfNumbers) {
  EXPECT_EQ(patch("1", "123456789012345678901234567890"),
            R"([{"op":"replace","path":"/v","value":123456789012345678901234567890}])");
  EXPECT_EQ(patch("123456789012345678901234567890", "123456789012345678901234567891"),
            R"([{"op":"replace","path":"/v","value":123456789012345678901234567891}])");
}

TEST(JsonDiff, TakesOtherItemsForStrings) {
  JsonDiff diff;
  EXPECT_EQ(applied(diff, Item::text("say \"hi\"")), whole(R"("say \"hi\"")"));
  EXPECT_EQ(applied(diff, Item::json(R"("say \"hi\"")")), "");
  EXPECT_EQ(applied(diff, Item::bytes(std::string_view("\0\xff", 2))), whole(R"("AP8=")"));
}

TEST(JsonDiff, RefusesWhatIsNestedTooDeep) {
  JsonDiff diff;
  const std::string deep = std::string(600, '[') + std::string(600, ']');
  EXPECT_THROW(applied(diff, Item::json(deep)), Failure);
  EXPECT_THROW(applied(diff, Item::json("{")), Failure);
  // A patch is two levels more.
  const std::string deepest = std::string(max_json_depth - 2, '[') + std::string(max_json_depth - 2, ']');
  EXPECT_EQ(applied(diff, Item::json(deepest)), whole(deepest));
}

/// The same but for something in it.
Json changed(RandomJson& random, Json tree) {
  if (!tree.is_structured() || tree.empty() || random.below(4) == 0) return random.value(3);
  auto at = tree.begin();
  std::advance(at, random.below(static_cast<unsigned>(tree.size())));
  const unsigned what = random.below(4);
  if (what == 0) {
    tree.erase(at);
  } else if (what == 1 && tree.is_array()) {
    tree.insert(at, random.value(2));
  } else if (what == 1) {
    tree[random.name()] = random.value(2);
  } else {
    *at = changed(random, *at);
  }
  return tree;
}

TEST(JsonDiff, ItsPatchesLeadFromItemToItem) {
  RandomJson random(7);
  JsonDiff diff;
  Json state;
  Json next = Json::object();
  std::size_t wholes = 0;
  std::size_t patches = 0;
  for (int round = 0; round < 20'000; ++round) {
    // A member that stays makes the whole long.
    next["ballast"] = std::string(300, 'x');
    const std::string text = random.written(next);
    const std::string patch = applied(diff, Item::json(text));
    if (!patch.empty()) state = state.patch(Json::parse(patch));
    ASSERT_EQ(state, Json::parse(text)) << patch;
    ++(patch.find(R"("path":"")") == std::string::npos ? patches : wholes);
    next = changed(random, next);
    if (!next.is_object()) next = Json{{"tree", next}};
  }
  EXPECT_GT(patches, 10 * wholes) << "the way from one to the next has been looked at";
}

}  // namespace
}  // namespace coyield::generators
