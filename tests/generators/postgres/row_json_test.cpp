#include <gtest/gtest.h>

#include <coyield/generators/postgres/row_json.hpp>

namespace coyield::generators::postgres {
namespace {

std::string json_of(unsigned type, std::string_view text) {
  Buffer out;
  append_value(out, type, text);
  return std::string(out.view());
}

TEST(PostgresRow, HasEachValueAsWhatItIs) {
  struct Row {
    const char* name;
    unsigned type;
    const char* text;
    const char* json;
  };
  for (const auto& row : {
           Row{"bool", 16, "t", "true"},
           Row{"bool", 16, "f", "false"},
           Row{"int8", 20, "-9223372036854775808", "-9223372036854775808"},
           Row{"int4", 23, "5", "5"},
           Row{"float8", 701, "1e+300", "1e+300"},
           Row{"float8", 701, "-0.5", "-0.5"},
           Row{"float8", 701, "Infinity", "\"Infinity\""},
           Row{"float8", 701, "-Infinity", "\"-Infinity\""},
           Row{"numeric", 1700, "12345678901234567890.10", "12345678901234567890.10"},
           Row{"numeric", 1700, "NaN", "\"NaN\""},
           Row{"text", 25, "say \"hi\"\n", R"("say \"hi\"\n")"},
           Row{"json", 114, "{\"a\": 1}", "{\"a\": 1}"},
           Row{"json", 114, "{\"a\":\n  1}", "{\"a\":1}"},
           Row{"jsonb", 3802, "[1, 2]", "[1, 2]"},
           Row{"timestamp", 1114, "2026-11-26 09:30:00", "\"2026-11-26T09:30:00\""},
           Row{"timestamp", 1114, "2026-11-26 09:30:00.123456", "\"2026-11-26T09:30:00.123456\""},
           Row{"timestamptz", 1184, "2026-11-26 09:30:00+00", "\"2026-11-26T09:30:00+00:00\""},
           Row{"timestamptz", 1184, "2026-11-26 09:30:00.5-03:30", "\"2026-11-26T09:30:00.5-03:30\""},
           Row{"timestamptz", 1184, "infinity", "\"infinity\""},
           Row{"timestamp", 1114, "0044-03-15 12:00:00 BC", "\"0044-03-15 12:00:00 BC\""},
           Row{"uuid", 2950, "0000-0001", "\"0000-0001\""},
       })
    EXPECT_EQ(json_of(row.type, row.text), row.json) << row.name << ' ' << row.text;
}

TEST(PostgresRow, HasJsonThatIsNestedTooDeepAsText) {
  const std::string deep = std::string(600, '[') + std::string(600, ']');
  EXPECT_EQ(json_of(114, deep), '"' + deep + '"');
}

}  // namespace
}  // namespace coyield::generators::postgres
