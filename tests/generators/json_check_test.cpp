#include <coyield/generators/json_check.hpp>

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace coyield::generators {
namespace {

using namespace std::string_literals;

std::string compacted(std::string_view json) {
  Buffer out;
  append_compact_json(out, json);
  return std::string(out.view());
}
std::string nested(unsigned times, std::string_view open, std::string_view inmost, std::string_view close) {
  std::string text;
  for (unsigned i = 0; i < times; ++i) text += open;
  text += inmost;
  for (unsigned i = 0; i < times; ++i) text += close;
  return text;
}

TEST(JsonCheck, AcceptsEveryKindOfValue) {
  for (const char* text : {"null",
                           "true",
                           "false",
                           "0",
                           "-0",
                           "12",
                           "-1.5e+10",
                           "1E5",
                           "2e-7",
                           "0.125",
                           R"("")",
                           R"("a\"\\\/\b\f\n\r\tz")",
                           R"("\u00e4\uD83D\uDE00\ufffF")",
                           "\"\x7F\xC3\xA4\"",
                           "[]",
                           "{}",
                           "[1,[2,[]],{}]",
                           " \t[ 1 , 2 ] ",
                           R"({"a":1,"a":{"b":[null,true]},"":""})",
                           R"({ "a" : 1 , "b" : [ ] })"}) {
    EXPECT_TRUE(is_json(text)) << text;
  }
}

TEST(JsonCheck, AcceptsNumbersOfAnySize) {
  EXPECT_TRUE(is_json("18446744073709551616"));
  EXPECT_TRUE(is_json("-" + std::string(5000, '9')));
  EXPECT_TRUE(is_json("1e999999"));
}

TEST(JsonCheck, RefusesWhatIsNoJson) {
  for (const std::string& text : {""s,
                                  " "s,
                                  "nul"s,
                                  "nulll"s,
                                  "True"s,
                                  "01"s,
                                  "-"s,
                                  "+1"s,
                                  ".5"s,
                                  "1."s,
                                  "1.e5"s,
                                  "1e"s,
                                  "1e+"s,
                                  "0x10"s,
                                  "NaN"s,
                                  "Infinity"s,
                                  "1 2"s,
                                  "[1"s,
                                  "[1,]"s,
                                  "[,1]"s,
                                  "[1 2]"s,
                                  "]"s,
                                  "}"s,
                                  "[}"s,
                                  "{]"s,
                                  "{\"a\"}"s,
                                  "{\"a\":}"s,
                                  "{\"a\":1,}"s,
                                  "{,}"s,
                                  "{1:2}"s,
                                  "{\"a\":1"s,
                                  "{\"a\" 1}"s,
                                  "{a:1}"s,
                                  "'a'"s,
                                  "\""s,
                                  "\"a"s,
                                  "\"\\\""s,
                                  "\"\\x41\""s,
                                  "\"\\u12\""s,
                                  "\"\\u12g4\""s,
                                  "\"\\"s,
                                  "\"\\u"s,
                                  "\"a\tb\""s,
                                  "\"a\nb\""s,
                                  "\"\0\""s,
                                  "\0"s,
                                  "1\0"s,
                                  "[1]\0"s,
                                  "\xEF\xBB\xBF[]"s,
                                  "[1]//x"s,
                                  "\v1"s,
                                  "[1],"s,
                                  "\"a\"\"b\""s,
                                  ","s,
                                  "{\"a\":1]"s,
                                  "[{]}"s,
                                  "\"\xFF\""s,
                                  "\"\xE2\x82\""s,
                                  "[\xC2\xA0 1]"s}) {
    EXPECT_FALSE(is_json(text)) << text;
    EXPECT_FALSE(is_json(text, JsonLineBreaks::allowed)) << text;
  }
}

TEST(JsonCheck, RefusesHalfASurrogatePair) {
  EXPECT_FALSE(is_json(R"("\ud83d")"));
  EXPECT_FALSE(is_json(R"("\ude00")"));
  EXPECT_FALSE(is_json(R"("\ud83d\n")"));
  EXPECT_FALSE(is_json(R"("\ud83dx")"));
  EXPECT_FALSE(is_json(R"("\ud83d\ud83d")"));
  EXPECT_FALSE(is_json(R"("\ud83d\u0041")"));
}

TEST(JsonCheck, RefusesLineBreaksOutsideOfStringsUnlessAllowed) {
  for (const char* text :
       {"[1,\n2]", "[1]\n", "\r\n{}", "{\"a\"\r:1}", "{\n\"a\":1}", "{}\r", "[\n]", "{\"a\":\n1}"}) {
    EXPECT_FALSE(is_json(text)) << text;
    EXPECT_TRUE(is_json(text, JsonLineBreaks::allowed)) << text;
  }
  EXPECT_TRUE(is_json(R"("a\nb")"));
}

TEST(JsonCheck, RefusesWhatIsNestedTooDeep) {
  EXPECT_TRUE(is_json(nested(max_json_depth, "[", "", "]")));
  EXPECT_FALSE(is_json(nested(max_json_depth + 1, "[", "", "]")));
  EXPECT_TRUE(is_json(nested(max_json_depth / 2, "[{\"a\":", "1", "}]")));
  EXPECT_FALSE(is_json(nested(max_json_depth / 2, "[{\"a\":", "[]", "}]")));
  EXPECT_FALSE(is_json(std::string(1000000, '[')));
}

TEST(JsonCheck, TellsWhatIsNestedTooDeepFromWhatIsNoJson) {
  EXPECT_EQ(check_json(nested(max_json_depth, "[", "", "]")), JsonVerdict::good);
  EXPECT_EQ(check_json(nested(max_json_depth, "[", "x", "]")), JsonVerdict::wrong);
  EXPECT_EQ(check_json(nested(max_json_depth + 1, "[", "", "]")), JsonVerdict::too_deep);
  EXPECT_EQ(check_json(nested(max_json_depth + 1, "{\"a\":", "1", "}")), JsonVerdict::too_deep);
  EXPECT_EQ(check_json("\"\xFF\""), JsonVerdict::wrong);
}

TEST(JsonCheck, ReadsNothingBehindTheText) {
  const std::string text = R"(["a",12])";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::vector<char> exact(text.begin(),
                                  text.begin() + static_cast<std::ptrdiff_t>(size));  // for ASan
    EXPECT_FALSE(is_json({exact.data(), exact.size()})) << size;
  }
  EXPECT_TRUE(is_json(std::string_view("true,false").substr(0, 4)));
}

// nlohmann reads numbers, and so refuses those that are beyond a double; none here is.
TEST(JsonCheck, AgreesWithNlohmannOnDamagedDocuments) {
  const std::string whole =
      R"({"id":-12.5e3,"tags":["a","\u00e4\n\\",""],"nested":{"x":[[],{}],"y":null},"ok":true,"no":false, "n":[0, 1] })";
  const std::string bytes = "{}[]\",:\\u0e-+.1 tnf\n\x01\xC3\xFF";
  ASSERT_TRUE(is_json(whole));
  std::mt19937 random(4);
  int accepted = 0;
  for (int i = 0; i < 100000; ++i) {
    std::string text = whole;
    for (unsigned changes = 1 + random() % 2; changes != 0; --changes) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = bytes[random() % bytes.size()];
          break;
        case 1:
          text.erase(at, 1);
          break;
        default:
          text.insert(at, 1, bytes[random() % bytes.size()]);
      }
    }
    const bool good = is_json(text, JsonLineBreaks::allowed);
    accepted += good;
    ASSERT_EQ(good, nlohmann::json::accept(text)) << text;
  }
  EXPECT_GT(accepted, 1000);
}

TEST(CompactJson, TakesOutBlanksAndLineBreaksOutsideOfStrings) {
  EXPECT_EQ(compacted("{\r\n  \"a b\" : [ 1,\t2 ],\n  \"c\\\" \\\\\" : \"\\n \"\n}\n"),
            R"({"a b":[1,2],"c\" \\":"\n "})");
  EXPECT_EQ(compacted(" 1 "), "1");
  EXPECT_EQ(compacted(R"("a long text with blanks, \" and more")"),
            R"("a long text with blanks, \" and more")");
}

}  // namespace
}  // namespace coyield::generators
