#include <coyield/generators/utf8.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace coyield::generators {
namespace {

using namespace std::string_literals;

constexpr const char* R = "\xEF\xBF\xBD";

std::string replaced(std::string_view text) {
  Buffer out;
  append_utf8(out, text);
  return std::string(out.view());
}

struct Row {
  const char* name;
  std::string text;
  std::string expected;
};

// What TextDecoder of a browser gives for the same bytes.
const std::vector<Row>& rows() {
  static const std::vector<Row> all = {
      {"a byte that begins nothing", "a\xFFz", "a"s + R + "z"},
      {"a continuation alone", "\x80\xBF", ""s + R + R},
      {"overlong two bytes", "\xC0\xAF", ""s + R + R},
      {"overlong three bytes", "\xE0\x80\xAF", ""s + R + R + R},
      {"overlong four bytes", "\xF0\x80\x80\xAF", ""s + R + R + R + R},
      {"a surrogate", "\xED\xA0\x80", ""s + R + R + R},
      {"above U+10FFFF", "\xF4\x90\x80\x80", ""s + R + R + R + R},
      {"cut after two of three", "\xE2\x82z", ""s + R + "z"},
      {"cut after three of four", "\xF0\x9F\x98z", ""s + R + "z"},
      {"cut at the end", "ok\xF0\x9F\x98", "ok"s + R},
      {"a cut character before a whole one", "\xE2\x82\xE2\x82\xAC", ""s + R + "\xE2\x82\xAC"},
      {"Unicode's example",
       "a\xF1\x80\x80\xE1\x80\xC2"
       "b\x80"
       "c\x80\xBF"
       "d",
       "a"s + R + R + R + "b" + R + "c" + R + R + "d"},
  };
  return all;
}

TEST(Utf8, ReplacesEachMaximalSubpartByOneCharacter) {
  for (const Row& row : rows()) EXPECT_EQ(replaced(row.text), row.expected) << row.name;
}

TEST(Utf8, FindsTheSameInTheMidstOfLongText) {
  const std::string before(1000, 'x');
  const std::string after = "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80" + std::string(500, 'y');
  for (const Row& row : rows()) {
    if (row.text.back() != row.expected.back()) continue;  // what follows would change the last character
    EXPECT_EQ(replaced(before + row.text + after), before + row.expected + after) << row.name;
  }
}

TEST(Utf8, LeavesValidTextAlone) {
  const std::string text =
      "z\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\0x"s;
  EXPECT_TRUE(is_utf8(text));
  EXPECT_EQ(replaced(text), text);
  EXPECT_EQ(replaced(""), "");
}

TEST(Utf8, KnowsWhetherTextOfAnyLengthIsValid) {
  for (std::size_t size = 0; size < 600; ++size) {
    std::string text(size, 'a');
    EXPECT_TRUE(is_utf8(text));
    for (const std::size_t bad : {std::size_t{0}, size / 2, size - 1}) {
      if (size == 0) break;
      std::string broken = text;
      broken[bad] = '\xFE';
      EXPECT_FALSE(is_utf8(broken)) << size << " bytes, wrong at " << bad;
    }
  }
}

TEST(Utf8, EveryReplacedTextIsValid) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      for (const char* tail : {"", "\x80", "\x80\x80", "a"}) {
        const std::string text = {static_cast<char>(first), static_cast<char>(second)};
        const std::string out = replaced(text + tail);
        ASSERT_TRUE(is_utf8(out)) << first << ' ' << second;
        ASSERT_EQ(out == text + tail, is_utf8(text + tail)) << first << ' ' << second;
      }
    }
  }
}

}  // namespace
}  // namespace coyield::generators
