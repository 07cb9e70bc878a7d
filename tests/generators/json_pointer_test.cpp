#include <gtest/gtest.h>

#include <coyield/generators/json_check.hpp>
#include <coyield/generators/json_pointer.hpp>

namespace coyield::generators {
namespace {

using Tokens = std::vector<std::string>;

TEST(JsonPointer, IsReadAsTheRfcHasIt) {
  struct Row {
    const char* text;
    Tokens tokens;
  };
  const Row rows[] = {
      {"", {}},           {"/foo", {"foo"}},  {"/foo/0", {"foo", "0"}}, {"/", {""}},
      {"/a~1b", {"a/b"}}, {"/c%d", {"c%d"}},  {"/i\\j", {"i\\j"}},      {"/k\"l", {"k\"l"}},
      {"/ ", {" "}},      {"/m~0n", {"m~n"}}, {"/~01", {"~1"}},         {"//a/", {"", "a", ""}}};
  for (const Row& row : rows) {
    const auto pointer = parse_pointer(row.text);
    ASSERT_TRUE(pointer) << row.text;
    EXPECT_EQ(pointer->tokens, row.tokens) << row.text;
    EXPECT_EQ(to_string(*pointer), row.text);
  }
}

TEST(JsonPointer, SaysHowAPlaceIsWritten) {
  struct Row {
    const char* text;
    const char* sentence;
  };
  const Row rows[] = {
      {"level", R"("level" is no JSON Pointer; write "/level")"},
      {"user/name", R"("user/name" is no JSON Pointer; write "/user/name")"},
      {"a~b", R"("a~b" is no JSON Pointer; write "/a~0b")"},
      {".level", R"(".level" is no JSON Pointer; write "/level")"},
      {"#/level", R"("#/level" is no JSON Pointer; write "/level")"},
      {"$", R"("$" is no JSON Pointer; write "" for the whole item, or "/name" for a member of it)"},
      {"$.user.name",
       R"("$.user.name" is no JSON Pointer; write "/user/name", or "/user.name" for a member with dots in its name)"},
      {"/a~", R"("/a~" has a "~" without 0 or 1 behind it; write "~0" for "~", and "~1" for "/" in a name)"},
      {"/a~2",
       R"("/a~2" has a "~" without 0 or 1 behind it; write "~0" for "~", and "~1" for "/" in a name)"},
  };
  for (const Row& row : rows) {
    const auto pointer = parse_pointer(row.text);
    ASSERT_FALSE(pointer) << row.text;
    EXPECT_EQ(to_string(pointer.error()), row.sentence);
  }
}

TEST(JsonPointer, LeadsNoDeeperThanItemsAre) {
  std::string text;
  for (unsigned i = 0; i < max_json_depth; ++i) text += "/a";
  EXPECT_TRUE(parse_pointer(text));
  EXPECT_FALSE(parse_pointer(text + "/a"));
}

TEST(JsonPointer, KnowsWhatIsAPlaceInAnArray) {
  EXPECT_EQ(array_index("0"), 0u);
  EXPECT_EQ(array_index("17"), 17u);
  for (const char* token : {"", "-", "01", "00", "1a", "-1", "+1", " 1", "1.0", "9999999999999999999"}) {
    EXPECT_EQ(array_index(token), std::nullopt) << token;
  }
}

}  // namespace
}  // namespace coyield::generators
