#include <coyield/handlers/fields.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

TEST(FieldList, IsSearchedWithoutCaseForWholeElements) {
  EXPECT_TRUE(list_contains("a, Upgrade ,b", "upgrade"));
  EXPECT_TRUE(list_contains("\tupgrade", "Upgrade"));
  EXPECT_FALSE(list_contains("upgrade-insecure", "upgrade"));
  EXPECT_FALSE(list_contains("up grade", "upgrade"));
  EXPECT_FALSE(list_contains("", "upgrade"));
}

TEST(FieldList, PassesOverEmptyElements) {
  std::string_view list = " , a,,b ,";
  EXPECT_EQ(next_element(list), "a");
  EXPECT_EQ(next_element(list), "b");
  EXPECT_EQ(next_element(list), "");
}

TEST(Fields, AreLinesReadyToBeSent) {
  EXPECT_EQ(Fields().add("Allow", "GET").add("Vary", "Accept").text(), "Allow: GET\r\nVary: Accept\r\n");
}

TEST(Fields, LetNoValueBringAFieldOfItsOwn) {
  EXPECT_EQ(Fields().add("X", std::string_view("a\r\nSet-Cookie: b\0c", 18)).text(),
            "X: a  Set-Cookie: b c\r\n");
}

TEST(TokenCharacter, IsOneOfMethodsAndNames) {
  for (const char c : std::string_view("aZ0!~-_")) EXPECT_TRUE(is_token_character(c)) << c;
  for (const char c : std::string_view(" \t:/\"(),\0\x7f\xff", 11))
    EXPECT_FALSE(is_token_character(c)) << int{c};
}

}  // namespace
}  // namespace coyield::handlers
