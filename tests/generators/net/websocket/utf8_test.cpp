#include <coyield/generators/net/websocket/utf8.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace coyield::generators::net::websocket {
namespace {

/// The definition, written down plainly: decode, then ask whether this is how the code point must be written.
bool is_utf8(std::string_view text) {
  Utf8Validator validator;
  return validator.feed(text) && validator.complete();
}

bool is_utf8_by_definition(std::string_view text) {
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xC0 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF8 ? 4
                                           : 0;
    if (size == 0 || text.size() < size) return false;
    std::uint32_t point = size == 1 ? lead : lead & (0x7FU >> size);
    for (std::size_t i = 1; i < size; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if ((byte & 0xC0U) != 0x80) return false;
      point = (point << 6U) | (byte & 0x3FU);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (point < smallest[size] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    text.remove_prefix(size);
  }
  return true;
}

/// Both sides of every bound in the definition.
constexpr std::array<unsigned char, 24> edges{0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                              0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED,
                                              0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};

template <class Check>
void for_each_string_of_edges(std::size_t size, Check check) {
  std::size_t count = 1;
  for (std::size_t i = 0; i < size; ++i) count *= edges.size();
  std::string text(size, '\0');
  for (std::size_t n = 0; n < count; ++n) {
    std::size_t rest = n;
    for (char& c : text) {
      c = static_cast<char>(edges[rest % edges.size()]);
      rest /= edges.size();
    }
    check(text);
  }
}

/// Whether some ending makes `prefix` valid.
bool can_become_valid(const std::string& prefix) {
  constexpr std::array<char, 6> continuations{'\x80', '\x8F', '\x90', '\x9F', '\xA0', '\xBF'};
  if (is_utf8_by_definition(prefix)) return true;
  for (const char a : continuations) {
    if (is_utf8_by_definition(prefix + a) || is_utf8_by_definition(prefix + a + '\x80') ||
        is_utf8_by_definition(prefix + a + "\x80\x80")) {
      return true;
    }
  }
  return false;
}

TEST(Utf8, AgreesWithTheDefinitionOnBothSidesOfEveryBound) {
  for (std::size_t size = 1; size <= 4; ++size) {
    for_each_string_of_edges(size, [](const std::string& text) {
      ASSERT_EQ(is_utf8(text), is_utf8_by_definition(text)) << testing::PrintToString(text);
    });
  }
}

TEST(Utf8, AgreesWithTheDefinitionOnEveryPairOfBytes) {
  for (unsigned n = 0; n < 65536; ++n) {
    const std::string text{static_cast<char>(n >> 8U), static_cast<char>(n & 0xFFU)};
    ASSERT_EQ(is_utf8(text), is_utf8_by_definition(text)) << n;
  }
}

TEST(Utf8, FindsAFaultAtEveryOffsetBehindAndBeforeAscii) {
  for (std::size_t before = 0; before < 72; ++before) {
    for (std::size_t after = 0; after < 72; after += 9) {
      const std::string head(before, 'a');
      const std::string tail(after, 'z');
      ASSERT_TRUE(is_utf8(head + "\xE2\x82\xAC" + tail)) << before << ' ' << after;
      ASSERT_FALSE(is_utf8(head + "\xE2\x82" + tail)) << before << ' ' << after;
      ASSERT_FALSE(is_utf8(head + "\xFF" + tail)) << before << ' ' << after;
    }
  }
}

TEST(Utf8, RefusesTheFirstByteThatNothingCouldMakeValid) {
  for_each_string_of_edges(3, [](const std::string& text) {
    Utf8Validator validator;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool taken = validator.feed(std::string_view(text).substr(i, 1));
      ASSERT_EQ(taken, can_become_valid(text.substr(0, i + 1)))
          << testing::PrintToString(text) << " at " << i;
      if (!taken) break;
    }
  });
}

TEST(Utf8, GoesOnWithinACodePointWhereverTheTextIsCut) {
  const std::string text =
      "\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5 \xF0\x9F\x90\x98 \xF4\x8F\xBF\xBF \xEF\xBB\xBF end";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(text.substr(0, cut))) << cut;
    EXPECT_EQ(validator.complete(), is_utf8_by_definition(text.substr(0, cut))) << cut;
    EXPECT_TRUE(validator.feed(text.substr(cut))) << cut;
    EXPECT_TRUE(validator.complete()) << cut;
  }
}

TEST(Utf8, IsNotCompleteWithinACodePoint) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.complete());
  EXPECT_TRUE(validator.feed("\xF0\x9F"));
  EXPECT_FALSE(validator.complete());
  EXPECT_TRUE(validator.feed("\x90\x98 plain"));
  EXPECT_TRUE(validator.complete());
}

}  // namespace
}  // namespace coyield::generators::net::websocket
