#include <gtest/gtest.h>

#include <coyield/generators/json_number.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace coyield::generators {
namespace {

TEST(JsonNumber, IsComparedByItsValue) {
  // From the least to the greatest; what stands in one row is equal.
  const std::vector<std::vector<const char*>> rows = {
      {"-1e400", "-2e999999999999"},
      {"-1e308"},
      {"-18446744073709551616"},
      {"-9223372036854775809", "-9223372036854775808", "-9.223372036854775808e18"},
      {"-9223372036854775807"},
      {"-9007199254740993"},
      {"-9007199254740992", "-9007199254740992.0"},
      {"-2.5"},
      {"-2", "-2.0", "-0.2e1"},
      {"-0.5"},
      {"0", "-0", "0.0", "-0.0", "0e9", "1e-400", "-1e-999999999999"},
      {"5e-324"},
      {"0.5", "5e-1"},
      {"1", "1.0", "10e-1", "0.1E+1"},
      {"1.0000000000000002"},
      {"9007199254740992", "9007199254740992.0", "9007199254740992.5"},
      {"9007199254740993"},
      {"9007199254740994", "9007199254740994.0"},
      {"9223372036854775807"},
      {"9223372036854775808", "9223372036854775808.0"},
      {"18446744073709551615"},
      {"18446744073709551616", "1.8446744073709551616e19"},
      {"1e308"},
      {"1e309", "1e999999999999"}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (const char* one : rows[i]) {
      for (std::size_t j = 0; j < rows.size(); ++j) {
        for (const char* other : rows[j]) {
          const auto order = JsonNumber::parse(one) <=> JsonNumber::parse(other);
          EXPECT_EQ(order, std::partial_ordering(i <=> j)) << one << " and " << other;
        }
      }
    }
  }
}

TEST(JsonNumber, WithVeryManyDigitsIsWhatADoubleMakesOfIt) {
  const std::string zeros(400, '0');
  EXPECT_EQ(JsonNumber::parse("1" + zeros), JsonNumber::parse("1e400"));
  EXPECT_EQ(JsonNumber::parse("0." + zeros + "1"), JsonNumber(std::int64_t{0}));
  EXPECT_EQ(JsonNumber::parse("1" + zeros + "e-400"), JsonNumber(std::int64_t{1}));
  EXPECT_EQ(JsonNumber::parse("0." + zeros + "1e401"), JsonNumber(std::int64_t{1}));
}

TEST(JsonNumber, IsMadeOfATreesNumber) {
  EXPECT_EQ(JsonNumber(nlohmann::json(5)), JsonNumber::parse("5.0"));
  EXPECT_EQ(JsonNumber(nlohmann::json(UINT64_MAX)), JsonNumber::parse("18446744073709551615"));
  EXPECT_EQ(JsonNumber(nlohmann::json(0.1)), JsonNumber::parse("0.1"));
  EXPECT_EQ(JsonNumber(std::uint64_t{5}), JsonNumber(std::int64_t{5}));
}

}  // namespace
}  // namespace coyield::generators
