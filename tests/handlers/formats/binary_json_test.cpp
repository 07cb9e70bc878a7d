#include <limits>
#include <nlohmann/json.hpp>

#include "encode.hpp"

// What CBOR and MessagePack have in common: nlohmann's readers find in each what its JSON reader finds in the
// text.

namespace coyield::handlers {
namespace {

using namespace testing;
using namespace std::string_view_literals;
using Json = nlohmann::json;

class BinaryJson : public ::testing::TestWithParam<const char*> {
 protected:
  Json decode(const std::string& bytes) const {
    return format_name() == "cbor" ? Json::from_cbor(bytes) : Json::from_msgpack(bytes);
  }
  Json round_trip(const Item& item) const { return decode(encoded(format_name(), item)); }
  static std::string format_name() { return GetParam(); }

  void expect_same(const std::string& json) const {
    EXPECT_EQ(round_trip(Item::json(json)), Json::parse(json)) << json.substr(0, 100);
  }
};

INSTANTIATE_TEST_SUITE_P(Each, BinaryJson, ::testing::Values("cbor", "msgpack"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(BinaryJson, SaysWhatTheJsonSays) {
  for (const char* json : {"null", "true", "false", "0", "-0", "0.1", "3.0", "-1.5e300", "5e-324", "\"\"",
                           "[]", "{}", R"("a\n\"\u0000\u00e4\ud83c\udf88")", R"([1,[2,[3]],{"a":{"b":[]}}])",
                           R"({"":0})", R"( { "a" : [ 1 , 2 ] , "b" : null } )", "[\"x\",true,null,-7]"}) {
    expect_same(json);
  }
}

TEST_P(BinaryJson, KeepsWholeNumbersOf64Bits) {
  for (unsigned bits = 0; bits < 64; ++bits) {
    for (const std::uint64_t near : {(1ULL << bits) - 1, 1ULL << bits, (1ULL << bits) + 1}) {
      const Json decoded = round_trip(Item::json(std::to_string(near)));
      EXPECT_EQ(decoded.get<std::uint64_t>(), near);
      EXPECT_TRUE(decoded.is_number_integer());
      if (near > std::numeric_limits<std::int64_t>::max()) continue;
      const auto negative = -static_cast<std::int64_t>(near);
      EXPECT_EQ(round_trip(Item::json(std::to_string(negative))).get<std::int64_t>(), negative);
    }
  }
  for (const char* json : {"18446744073709551615", "-9223372036854775808"}) expect_same(json);
}

TEST_P(BinaryJson, MakesOtherNumbersTheNearestDouble) {
  const std::pair<const char*, double> numbers[] = {
      {"18446744073709551616", 18446744073709551616.0},
      {"-9223372036854775809", -9223372036854775809.0},
      {"123456789012345678901234567890", 123456789012345678901234567890.0},
      {"1e400", std::numeric_limits<double>::infinity()},
      {"-1e400", -std::numeric_limits<double>::infinity()},
      {"1e-400", 0.0},
      {"1.0", 1.0},
  };
  for (const auto& [json, expected] : numbers) {
    const Json decoded = round_trip(Item::json(json));
    EXPECT_TRUE(decoded.is_number_float()) << json;
    EXPECT_EQ(decoded.get<double>(), expected) << json;
  }
}

TEST_P(BinaryJson, WritesTextsAndContainersOfEveryLength) {
  for (const std::size_t near : {0U, 16U, 24U, 32U, 256U, 65536U}) {
    for (const std::size_t size : {near == 0 ? 0 : near - 1, near, near + 1}) {
      expect_same("\"" + std::string(size, 'x') + "\"");
      Json array = Json::array();
      Json object = Json::object();
      for (std::size_t i = 0; i < size; ++i) {
        array.push_back(i % 3);
        object["k" + std::to_string(i)] = i;
      }
      expect_same(array.dump());
      expect_same(object.dump());
      expect_same(Json({array, {{"a", array}, {"o", object}}, 5}).dump());
      const std::string text(size, 'y');
      EXPECT_EQ(round_trip(Item::text(text)), text);
      const Json bytes = round_trip(Item::bytes(text));
      ASSERT_TRUE(bytes.is_binary());
      EXPECT_EQ(std::string(bytes.get_binary().begin(), bytes.get_binary().end()), text);
    }
  }
}

TEST_P(BinaryJson, WritesValuesTextAndBytes) {
  EXPECT_EQ(round_trip(value(18446744073709551615U)), Json({{"n", 18446744073709551615U}}));
  EXPECT_EQ(round_trip(Item::text("a\0\n\"b"sv)), Json("a\0\n\"b"sv));
  EXPECT_EQ(round_trip(Item::text("a\xFF\xE2\x82")), Json("a\xEF\xBF\xBD\xEF\xBF\xBD"));
  EXPECT_EQ(round_trip(Item::bytes("\0\xFF"sv)), Json::binary({0, 0xFF}));
}

TEST_P(BinaryJson, IsNestedAsDeepAsItemsMayBe) {
  expect_same(std::string(512, '[') + std::string(512, ']'));
  std::string objects;
  for (int i = 0; i < 512; ++i) objects += "{\"a\":";
  expect_same(objects + "1" + std::string(512, '}'));
}

TEST_P(BinaryJson, RefusesWhatIsNotTheJsonThatItWasSaidToBe) {
  Stream stream(GetParam());
  stream.item(Item::json("1"));
  const std::string one = stream.written();
  stream.item(Item::json("1"));
  for (const std::string& json : {std::string("[1,"), std::string("{\"a\"}"), std::string("[1x]"),
                                  std::string("[01e]"), std::string(""), std::string("\"\\ud800\""),
                                  std::string("[\"\xFF\"]"), std::string(600, '[') + std::string(600, ']')}) {
    EXPECT_THROW(stream.item(Item::json(json)), Failure) << json.substr(0, 20);
  }
  EXPECT_EQ(stream.written(), one) << "something of a refused item was written";
  stream.item(Item::json("1"));
  EXPECT_EQ(stream.written(), one);
}

TEST_P(BinaryJson, WritesOneValueBehindTheOther) {
  Stream stream(GetParam());
  stream.begin();
  stream.item(Item::json("[1,2]")).item(Item::text("x")).item(Item::json("{}")).end();
  const std::string expected = encoded(GetParam(), Item::json("[1,2]")) +
                               encoded(GetParam(), Item::text("x")) + encoded(GetParam(), Item::json("{}"));
  EXPECT_EQ(stream.written(), expected);
}

TEST_P(BinaryJson, IsForBinaryMessagesToo) {
  EXPECT_TRUE(format(GetParam()).over_websocket);
  const Stream stream(GetParam());
  EXPECT_TRUE(stream.binary(Item::json("1")));
  EXPECT_TRUE(stream.binary(Item::text("x")));
}

TEST_P(BinaryJson, SaysNothingOfGapsFailuresAndSilence) {
  Stream stream(GetParam());
  EXPECT_FALSE(stream.gap());
  EXPECT_FALSE(stream.heartbeat());
  stream.failed(Failure(FailureKind::upstream, "gone")).end();
  EXPECT_EQ(stream.written(), "");
}

/// Of RFC 8949, appendix A.
TEST(Cbor, IsWhatTheRfcShows) {
  const Row rows[] = {
      {"23", Item::json("23"), "\x17"},
      {"24", Item::json("24"), "\x18\x18"},
      {"1000", Item::json("1000"), "\x19\x03\xE8"},
      {"1000000", Item::json("1000000"), std::string("\x1A\0\x0F\x42\x40", 5)},
      {"2^64-1", Item::json("18446744073709551615"), "\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"},
      {"-1", Item::json("-1"), "\x20"},
      {"-1000", Item::json("-1000"), "\x39\x03\xE7"},
      {"1.1", Item::json("1.1"), "\xFB\x3F\xF1\x99\x99\x99\x99\x99\x9A"},
      {"false", Item::json("false"), "\xF4"},
      {"true", Item::json("true"), "\xF5"},
      {"null", Item::json("null"), "\xF6"},
      {"bytes", Item::bytes("\x01\x02\x03\x04"), "\x44\x01\x02\x03\x04"},
      {"text", Item::text("IETF"), "\x64IETF"},
      {"array", Item::json("[1,[2,3],[4,5]]"), "\x83\x01\x82\x02\x03\x82\x04\x05"},
      {"map", Item::json(R"({"a":1,"b":[2,3]})"), "\xA2\x61\x61\x01\x61\x62\x82\x02\x03"},
      {"25 elements", Item::json("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"),
       "\x98\x19\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10\x11\x12\x13\x14\x15\x16\x17"
       "\x18\x18"
       "\x18\x19"},
  };
  expect_rows("cbor", rows);
}

/// Of the specification's own list of formats.
TEST(Msgpack, HasTheShortestForms) {
  const Row rows[] = {
      {"127", Item::json("127"), "\x7F"},
      {"128", Item::json("128"), "\xCC\x80"},
      {"65535", Item::json("65535"), "\xCD\xFF\xFF"},
      {"2^32-1", Item::json("4294967295"), "\xCE\xFF\xFF\xFF\xFF"},
      {"-32", Item::json("-32"), "\xE0"},
      {"-33", Item::json("-33"), "\xD0\xDF"},
      {"-128", Item::json("-128"), "\xD0\x80"},
      {"-129", Item::json("-129"), "\xD1\xFF\x7F"},
      {"-2^31", Item::json("-2147483648"), std::string("\xD2\x80\0\0\0", 5)},
      {"map", Item::json(R"({"a":[null,true]})"), "\x81\xA1\x61\x92\xC0\xC3"},
      {"text", Item::text("12345678901234567890123456789012"),
       "\xD9\x20"
       "12345678901234567890123456789012"},
      {"bytes", Item::bytes("x"), "\xC4\x01x"},
      {"16 elements", Item::json("[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]"),
       std::string("\xDC\0\x10", 3) + std::string(16, '\0')},
  };
  expect_rows("msgpack", rows);
}

}  // namespace
}  // namespace coyield::handlers
