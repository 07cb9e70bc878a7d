#include <coyield/generators/sources/csv_rows.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <cstring>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace coyield::generators {
namespace {

using Texts = std::vector<std::string>;

/// The objects of a file that arrives in pieces of at most `most` bytes, and the failure behind them.
Texts rows_of(std::string_view text, std::size_t most = 1 << 20, const Texts& columns = {},
              std::size_t max_row = 1 << 20) {
  CsvRows rows(max_row, columns);
  rows.begin(0, "");
  Texts all;
  try {
    while (!rows.ended()) {
      const std::span<char> room = rows.room();
      const std::size_t n = std::min({most, room.size(), text.size()});
      std::memcpy(room.data(), text.data(), n);
      text.remove_prefix(n);
      if (n == 0) rows.end();
      rows.commit(n);
      std::string_view object;
      while (rows.next(object)) all.emplace_back(object);
    }
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), FailureKind::upstream);
    all.push_back(failure.what());
  }
  return all;
}

TEST(CsvRows, AreObjectsWithTheNamesOfTheFirstRow) {
  struct Row {
    const char* name;
    std::string text;
    Texts objects;
  };
  const Row table[] = {
      {"nothing", "", {}},
      {"names alone", "a,b\n", {}},
      {"names without a line feed", "a,b", {}},
      {"two rows", "a,b\n1,2\n3,4\n", {R"({"a":"1","b":"2"})", R"({"a":"3","b":"4"})"}},
      {"the last one without a line feed", "a,b\n1,2", {R"({"a":"1","b":"2"})"}},
      {"CR LF", "a,b\r\n1,2\r\n", {R"({"a":"1","b":"2"})"}},
      {"a CR at the very end", "a,b\r\n1,2\r", {R"({"a":"1","b":"2"})"}},
      {"fields without a character", "a,b,c\n,,\n", {R"({"a":"","b":"","c":""})"}},
      {"quotes", "a,b\n\"1\",\"\"\n", {R"({"a":"1","b":""})"}},
      {"commas in quotes", "a,b\n\"1,5\",\"x,\"\n", {R"({"a":"1,5","b":"x,"})"}},
      {"quotes in quotes", "a\n\"say \"\"x\"\"\"\n\"\"\"\"\n", {R"({"a":"say \"x\""})", R"({"a":"\""})"}},
      {"line breaks in quotes", "a,b\n\"1\n2\r\n\",3\n", {R"({"a":"1\n2\r\n","b":"3"})"}},
      {"names in quotes", "\"a \"\"b\"\"\",\"c\nd\"\n1,2\n", {R"({"a \"b\"":"1","c\nd":"2"})"}},
      {"blanks belong to their field", "a, b\n 1 ,\t\n", {R"({"a":" 1 "," b":"\t"})"}},
      {"numbers keep their digits", "a,b\n007,1e400\n", {R"({"a":"007","b":"1e400"})"}},
      {"empty rows", "\na\n\n\r\n1\n\n", {R"({"a":"1"})"}},
      {"an empty field in quotes is a row", "a\n\"\"\n", {R"({"a":""})"}},
      {"a byte order mark",
       "\xEF\xBB\xBF"
       "a,b\n1,2\n",
       {R"({"a":"1","b":"2"})"}},
      {"quotes behind it", "\xEF\xBB\xBF\"a,b\",c\n1,2\n", {R"({"a,b":"1","c":"2"})"}},
      {"no UTF-8", "a\n\xFF\n", {"{\"a\":\"\xEF\xBF\xBD\"}"}},
      {"a CR within", "a\nx\ry\n", {R"({"a":"x\ry"})"}},
      {"a CR within the names", "\"a\rb\"\n1\n", {R"({"a\rb":"1"})"}},
      {"a CR within names that are all", "\"a\rb\"", {}},
      {"one column", "a\n1\n", {R"({"a":"1"})"}},
  };
  for (const Row& row : table) {
    EXPECT_EQ(rows_of(row.text), row.objects) << row.name;
    EXPECT_EQ(rows_of(row.text, 1), row.objects) << row.name << ", byte by byte";
  }
}

TEST(CsvRows, FailAndNameTheLine) {
  struct Row {
    const char* name;
    std::string text;
    std::string message;
  };
  const Row table[] = {
      {"too few", "a,b\n1,2\n\n1\n", "line 4 (at byte 9) has 1 field where there are 2 columns"},
      {"too many", "a\n1,2,3\n", "line 2 (at byte 2) has 3 fields where there are 1 columns"},
      {"behind a line break in quotes", "a\n\"x\ny\"\n1,2\n",
       "line 4 (at byte 8) has 2 fields where there are 1 columns"},
      {"a quote within a field", "a\nx\"y\n",
       "line 2 (at byte 2) has a quote in a field that does not begin with one; write the whole field in "
       "quotes, and each quote in it twice"},
      {"something behind a quote", "a\n\"x\"y\n",
       "line 2 (at byte 2) has something between a closing quote and the comma"},
      {"a quote that is not closed", "a\n\"x\n1\n", "line 2 (at byte 2) has a quote that is never closed"},
      {"rows that end with CR", "a,b\r1,2\r3,4\r",
       "line 1 (at byte 0) is all that there is, with a CR in it; end the rows with LF or CR LF"},
      {"a name twice", "a,b,a\n", "line 1 (at byte 0) names the column \"a\" twice"},
  };
  for (const Row& row : table) {
    for (const std::size_t most : {std::size_t{1}, std::size_t{1000}}) {
      const Texts seen = rows_of(row.text, most);
      ASSERT_FALSE(seen.empty()) << row.name;
      EXPECT_EQ(seen.back(), row.message) << row.name;
    }
  }
}

TEST(CsvRows, TakeGivenNames) {
  EXPECT_EQ(rows_of("1,2\n", 1, {"x", "y"}), (Texts{R"({"x":"1","y":"2"})"}));
  EXPECT_EQ(rows_of("\xEF\xBB\xBF\"1\"\n", 1, {"x"}), (Texts{R"({"x":"1"})"}));
}

TEST(CsvRows, HoldNoMoreThanTheLongestRow) {
  const std::string open = "a\n\"" + std::string(300'000, '\n');
  EXPECT_EQ(rows_of(open, 1000, {}, 100'000), (Texts{"the row at byte 2 is longer than 100KB"}));
  // It is what comes out that counts too: each of these bytes becomes six.
  const std::string controls = "a\n" + std::string(50'000, '\x01') + "\n";
  const Texts seen = rows_of(controls, 1000, {}, 100'000);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].find("line 2 (at byte 2) is longer than "), 0u) << seen[0];
}

TEST(CsvRows, AreTheSameHoweverTheyArrive) {
  std::mt19937 random(3);
  const char* const pieces[] = {"x",   ",",     "\"", "\n",  "\r\n", "\"\"",
                                "a,b", "\"q\"", "é",  ",\"", "\",",  "\n1,2"};
  for (int i = 0; i < 3000; ++i) {
    std::string text = i % 2 == 0 ? "a,b\n" : "";
    for (int j = 0; j < 12; ++j) text += pieces[random() % std::size(pieces)];
    const Texts at_once = rows_of(text);
    EXPECT_EQ(rows_of(text, 1), at_once) << text;
    EXPECT_EQ(rows_of(text, 3), at_once) << text;
  }
}

/// What a writer by the book makes of fields.
std::string in_csv_quotes(const std::string& field) {
  std::string out = "\"";
  for (const char byte : field) out += byte == '"' ? "\"\"" : std::string(1, byte);
  return out + '"';
}

TEST(CsvRows, ReadWhatWasWritten) {
  std::mt19937 random(4);
  const std::string alphabet = "ab ,\"\n\r\t;'";
  std::string text = "x,y,z\r\n";
  Texts expected;
  for (int i = 0; i < 2000; ++i) {
    nlohmann::ordered_json object;
    for (const char* name : {"x", "y", "z"}) {
      std::string field;
      for (std::size_t n = random() % 12; n != 0; --n) field += alphabet[random() % alphabet.size()];
      object[name] = field;
      const bool plain = field.find_first_of(",\"\n\r") == std::string::npos && random() % 2 == 0;
      text += (plain ? field : in_csv_quotes(field)) + (*name == 'z' ? "\r\n" : ",");
    }
    expected.push_back(object.dump());
  }
  Texts seen = rows_of(text, 777);
  ASSERT_EQ(seen.size(), expected.size());
  for (std::size_t i = 0; i < seen.size(); ++i)
    EXPECT_EQ(nlohmann::json::parse(seen[i]), nlohmann::json::parse(expected[i]));
}

TEST(CsvRows, BeginAnywhereWithTheNamesOfTheirFile) {
  const std::string text = "a,b\n1,2\n3,4\n";
  CsvRows rows(1000, {});
  const auto fill = [&](std::size_t from, std::size_t n) {
    std::memcpy(rows.room().data(), text.data() + from, n);
    rows.commit(n);
  };
  EXPECT_TRUE(rows.needs_columns());
  rows.begin(0, "");
  fill(0, 3);
  EXPECT_FALSE(rows.read_columns());
  fill(3, 9);
  EXPECT_TRUE(rows.read_columns());
  EXPECT_FALSE(rows.needs_columns());
  rows.begin(8, "a,b\n1,2\n");
  fill(8, 4);
  std::string_view object;
  ASSERT_TRUE(rows.next(object));
  EXPECT_EQ(object, R"({"a":"3","b":"4"})");
  EXPECT_EQ(rows.behind(), 12u);
  rows.forget_columns();
  EXPECT_TRUE(rows.needs_columns());
}

}  // namespace
}  // namespace coyield::generators
