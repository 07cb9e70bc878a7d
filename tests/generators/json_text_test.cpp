#include <coyield/generators/json_text.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::string_literals;

template <class Append, class... Values>
std::string appended(Append append, Values... values) {
  Buffer out;
  out.append("before");
  append(out, values...);
  EXPECT_EQ(out.view().substr(0, 6), "before");
  return std::string(out.view().substr(6));
}
std::string json_string(std::string_view text) { return appended(append_json_string, text); }
template <class Integer>
std::string digits_of(Integer number) {
  return appended([](Buffer& out, Integer n) { append_integer(out, n); }, number);
}
template <class Number>
std::string number_text(Number number) {
  return appended([](Buffer& out, Number n) { append_number(out, n); }, number);
}
std::string base64(std::string_view bytes) { return appended(append_base64, bytes); }

TEST(JsonString, EscapesWhatTheGrammarForbids) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("plain"), R"("plain")");
  EXPECT_EQ(json_string("say \"no\" to c:\\"), R"("say \"no\" to c:\\")");
  EXPECT_EQ(json_string("\b\t\n\f\r"), R"("\b\t\n\f\r")");
  EXPECT_EQ(json_string("\0\x01\x0B\x1F"s), R"("\u0000\u0001\u000b\u001f")");
}

TEST(JsonString, LeavesTheRestAsItIs) {
  const std::string plain = "/\x7F\xE2\x80\xA8\xE2\x80\xA9\xC3\xA4\xF0\x9F\x98\x80";
  EXPECT_EQ(json_string(plain), '"' + plain + '"');
}

TEST(JsonString, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(json_string("a\xFF\"\xE2\x82"), "\"a\xEF\xBF\xBD\\\"\xEF\xBF\xBD\"");
}

TEST(JsonString, ReadsBackWhereverASpecialByteStands) {
  for (std::size_t size = 1; size < 50; ++size) {
    for (std::size_t place = 0; place < size; ++place) {
      for (const char special : {'"', '\\', '\0', '\x1F', '\n'}) {
        std::string text(size, 'a');
        text[place] = special;
        ASSERT_EQ(nlohmann::json::parse(json_string(text)).get<std::string>(), text) << size << ' ' << place;
      }
    }
  }
}

TEST(JsonString, ReadsBackTextLongerThanAPiece) {
  std::mt19937 random(1);
  for (const std::size_t size : {1023, 1024, 1025, 2048, 5000, 100000}) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random() % 128);
    EXPECT_EQ(nlohmann::json::parse(json_string(text)).get<std::string>(), text) << size;
    EXPECT_EQ(json_string(std::string(size, '\x01')).size(), size * 6 + 2);
  }
}

TEST(JsonInteger, WritesTheBounds) {
  EXPECT_EQ(digits_of(std::uint64_t{0}), "0");
  EXPECT_EQ(digits_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(digits_of(std::numeric_limits<std::int64_t>::max()), "9223372036854775807");
  EXPECT_EQ(digits_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(digits_of(-1), "-1");
  EXPECT_EQ(digits_of(static_cast<signed char>(-128)), "-128");
  EXPECT_EQ(digits_of(static_cast<unsigned short>(65535)), "65535");
}

TEST(JsonInteger, AgreesWithTheStandardLibraryAroundEveryPowerOfTenAndTwo) {
  std::uint64_t ten = 1;
  for (int i = 0; i < 20; ++i, ten *= 10) {
    for (const std::uint64_t n : {ten - 1, ten, ten + 1, ten * 9}) ASSERT_EQ(digits_of(n), std::to_string(n));
  }
  for (int i = 0; i < 64; ++i) {
    for (const std::uint64_t n : {(std::uint64_t{1} << i) - 1, std::uint64_t{1} << i}) {
      ASSERT_EQ(digits_of(n), std::to_string(n));
      const auto negative = -static_cast<std::int64_t>(n >> 1);
      ASSERT_EQ(digits_of(negative), std::to_string(negative));
    }
  }
}

TEST(JsonInteger, AgreesWithTheStandardLibraryForNumbersOfEveryLength) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200000; ++i) {
    const std::uint64_t n = random() >> (random() % 64);
    ASSERT_EQ(digits_of(n), std::to_string(n));
  }
  for (std::uint64_t n = 0; n < 100000; ++n) ASSERT_EQ(digits_of(n), std::to_string(n));
}

TEST(JsonInteger, StaysWithinItsRoom) {
  char memory[integer_room + 1];
  for (const std::uint64_t n : {std::uint64_t{7}, std::uint64_t{123456789}, ~std::uint64_t{0}}) {
    std::memset(memory, '#', sizeof memory);
    char* const end = write_integer(memory, n);
    EXPECT_EQ(std::string(memory, end), std::to_string(n));
    EXPECT_EQ(memory[integer_room], '#');
  }
  std::memset(memory, '#', sizeof memory);
  write_integer(memory, std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(memory[integer_room], '#');
}

TEST(JsonNumber, WritesTheShortestTextThatReadsBack) {
  EXPECT_EQ(number_text(0.1), "0.1");
  EXPECT_EQ(number_text(0.1F), "0.1");
  EXPECT_EQ(number_text(5.0), "5");
  EXPECT_EQ(number_text(-2.5e-300), "-2.5e-300");
  EXPECT_EQ(number_text(std::numeric_limits<double>::lowest()), "-1.7976931348623157e+308");
  EXPECT_EQ(number_text(std::numeric_limits<double>::denorm_min()), "5e-324");
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const double number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    ASSERT_EQ(nlohmann::json::parse(number_text(number)).get<double>(), number);
  }
}

TEST(JsonNumber, IsNullWhereJsonHasNone) {
  EXPECT_EQ(number_text(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(number_text(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(number_text(-std::numeric_limits<float>::infinity()), "null");
}

TEST(Base64, WritesTheVectorsOfRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFB\xFF\xFE\0\x80"s), "+//+AIA=");
}

}  // namespace
}  // namespace coyield::generators
