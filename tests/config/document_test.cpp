#include <coyield/config/document.hpp>

#include <gtest/gtest.h>

#include <random>

namespace coyield::config {
namespace {

Node read(std::string_view text) {
  Problems problems;
  auto node = read_document(text, "test.json", problems);
  EXPECT_TRUE(node) << problems;
  EXPECT_TRUE(problems.empty()) << problems;
  return node.value_or(Node{});
}

std::string mistake_in(std::string_view text) {
  Problems problems;
  auto node = read_document(text, "f", problems);
  EXPECT_FALSE(node) << text;
  EXPECT_EQ(problems.size(), 1u) << text;
  return problems.empty() ? "" : to_string(problems[0]);
}

TEST(Document, KeepsTheKindOfEveryValue) {
  auto node = read(R"([null, true, -5, 18446744073709551615, 1.5, "text", [], {}, 9223372036854775807])");
  std::vector<Node::Kind> kinds;
  for (const auto& element : *node.as<Node::Array>()) kinds.push_back(element.kind());
  using enum Node::Kind;
  EXPECT_EQ(kinds, (std::vector{null, boolean, integer, unsigned_, number, string, array, object, integer}));
}

TEST(Document, KnowsWhereEveryKeyAndValueStands) {
  auto node = read("{\n  \"a\": 1,\n  // a \"comment\": {\n  \"b\" /* , */ : [ true,\n    \"\\\"x,\" ]\n}");
  const auto& members = *node.as<Node::Object>();
  ASSERT_EQ(members.size(), 2u);
  EXPECT_EQ(node.position, (Position{1, 1}));
  EXPECT_EQ(members[0].position, (Position{2, 3}));
  EXPECT_EQ(members[0].value.position, (Position{2, 8}));
  EXPECT_EQ(members[1].position, (Position{4, 3}));
  EXPECT_EQ(members[1].value.position, (Position{4, 17}));
  const auto& elements = *members[1].value.as<Node::Array>();
  EXPECT_EQ(elements[0].position, (Position{4, 19}));
  EXPECT_EQ(elements[1].position, (Position{5, 5}));
  EXPECT_EQ(*elements[1].as<std::string>(), "\"x,");
}

TEST(Document, CountsColumnsInCharactersAndSkipsTheByteOrderMark) {
  auto node = read("\xEF\xBB\xBF{\"\u00e9\u20ac\U0001F600\": 1}");
  const auto& member = node.as<Node::Object>()->front();
  EXPECT_EQ(member.position, (Position{1, 2}));
  EXPECT_EQ(member.value.position, (Position{1, 9}));
}

TEST(Document, KeepsTheOrderOfKeysAndBothOfTwo) {
  auto node = read(R"({"z": 1, "a": 2, "z": 3})");
  ASSERT_EQ(node.as<Node::Object>()->size(), 3u);
  EXPECT_EQ(*node.find("z")->as<std::int64_t>(), 1);
  EXPECT_EQ(node.find("b"), nullptr);
  EXPECT_EQ(node.find("z")->find("x"), nullptr);
  EXPECT_EQ(to_json(node).dump(), R"({"a":2,"z":1})");
}

struct Row {
  const char* text;
  const char* message;
};

TEST(Document, NamesTheUsualSlips) {
  for (
      const auto& row : {
          Row{"", R"(f:1:1: the text is empty; write at least {})"},
          Row{"// nothing", R"(f:1:11: the text is empty; write at least {})"},
          Row{"{\"a\": 1,\n}", R"(f:1:8: a comma with nothing behind it; remove the comma before "}")"},
          Row{"[1, 2,]", R"(f:1:6: a comma with nothing behind it; remove the comma before "]")"},
          Row{"{\n\"a\": 1\n\"b\": 2\n}", R"(f:2:7: no comma behind 1; write "," between the two)"},
          Row{"[1 2]", R"(f:1:3: no comma behind 1; write "," between the two)"},
          Row{"[,1]", R"(f:1:2: a comma with nothing before it; remove it)"},
          Row{"[1,,2]", R"(f:1:4: a comma with nothing before it; remove it)"},
          Row{"{'a': 1}", R"(f:1:2: texts stand in double quotes; write " for ')"},
          Row{"{a: 1}", R"(f:1:2: the key a stands without quotes; write "a")"},
          Row{"{1: 1}", R"(f:1:2: the key 1 stands without quotes; write "1")"},
          Row{"{\"a\" 1}", R"(f:1:6: no ":" behind the key "a"; write "a": and its value)"},
          Row{"{\"a\" = 1}", R"(f:1:6: "=" between "a" and its value; write ":")"},
          Row{"{\"a\":}", R"(f:1:6: the key "a" has no value; write one behind the ":")"},
          Row{"{\"a\":, \"b\": 1}", R"(f:1:6: the key "a" has no value; write one behind the ":")"},
          Row{"{{}}", R"(f:1:2: a key is missing before "{"; write "key": before it)"},
          Row{"{\"a\": True}", R"(f:1:7: True is no JSON; write true)"},
          Row{"{\"a\": no}", R"(f:1:7: no is no JSON; write false)"},
          Row{"{\"a\": None}", R"(f:1:7: None is no JSON; write null)"},
          Row{"{\"a\": NaN}", R"(f:1:7: JSON has no number NaN; leave the key out, or write a number)"},
          Row{"{\"a\": 10ms}", R"(f:1:7: 10ms stands without quotes; write "10ms")"},
          Row{"{\"a\": 127.0.0.1:80}", R"(f:1:7: 127.0.0.1 stands without quotes; write "127.0.0.1")"},
          Row{"{\"a\": hello}", R"(f:1:7: hello stands without quotes; write "hello")"},
          Row{"{\"a\": 0123}", R"(f:1:7: 0123 has a zero before the number; write 123)"},
          Row{"{\"a\": +1}", R"(f:1:7: a number has no plus sign; write 1)"},
          Row{"{\"a\": .5}", R"(f:1:7: .5 lacks a digit; write 0.5)"},
          Row{"{\"a\": 5.}", R"(f:1:7: 5. lacks a digit; write 5.0)"},
          Row{"{\"a\": -}", R"(f:1:7: "-" is no value; write a number)"},
          Row{"{\"a\": 1e999}", R"(f:1:7: 1e999 is too large a number; write a smaller one)"},
          Row{"{\"a\": @}", R"(f:1:7: "@" is not expected here; write a value)"},
          Row{"{\"a\": \"x\n\"}",
              R"(f:1:7: this text does not end on its line; write " at its end, and \n for a line break in it)"},
          Row{"{\"a\": \"x\ty\"}", R"(f:1:9: a control character in a text; write it as \t or \u00XX)"},
          Row{"{\"a\": \"C:\\dir\"}", R"(f:1:10: \d means nothing in JSON; write \\ for a backslash)"},
          Row{"{\"a\": \"\\u12\"}",
              R"(f:1:8: \u12"} is no character; write \u and four hexadecimal digits, or the character itself)"},
          Row{"{\"a\": \"\xff\"}", R"(f:1:8: a byte that is no UTF-8; save the file as UTF-8)"},
          Row{"# hi\n{}", R"(f:1:1: a comment begins with //; write // for #)"},
          Row{"{} /* ", R"(f:1:4: this comment does not end; write */ behind it)"},
          Row{"{\"a\": 5 / 2}", R"(f:1:9: "/" begins no comment; write // or /* */)"},
          Row{"{\n  \"a\": [\n", R"(f:3:1: the text ends where the "[" of line 2 is still open; write "]")"},
          Row{"{\n\"a\": [1\n}", R"(f:3:1: "}" where the "[" of line 2 is still open; write "]")"},
          Row{"{} {}", R"(f:1:4: there is more behind the end; remove what follows the last bracket)"},
          Row{"}", R"(f:1:1: "}" closes nothing; begin with {)"},
      }) {
    EXPECT_EQ(mistake_in(row.text), row.message) << row.text;
  }
}

TEST(Document, RefusesWhatIsTooDeepOrTooLong) {
  const std::string deepest = std::string(64, '[') + std::string(64, ']');
  EXPECT_EQ(read(deepest).kind(), Node::Kind::array);
  EXPECT_EQ(mistake_in("[" + deepest + "]"), "f:1:65: more than 64 brackets deep; write it flatter");
  EXPECT_EQ(mistake_in(std::string(100'000, '[')), "f:1:65: more than 64 brackets deep; write it flatter");
  EXPECT_EQ(read("[" + std::string(max_document_bytes - 2, ' ') + "]").kind(), Node::Kind::array);
  EXPECT_EQ(mistake_in("[" + std::string(max_document_bytes - 1, ' ') + "]"),
            "f:1:1: the text is longer than 4MiB; split it, or write it shorter");
}

// nlohmann decides what is JSON; whatever it refuses must come out with a place within the text and a
// sentence.
TEST(Document, AgreesWithItsParserAboutAnyDamage) {
  const std::string good =
      R"({"a": [1, -2.5e3, true, null], /* c */ "b": {"c": "x\n\u00e9", "d": {}}} // end)";
  const std::string_view letters = "{}[]\",:/*\\ \n\tatn0-1.e'#u\xff";
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 4'000; ++i) {
    std::string text = good;
    for (unsigned j = 0; j <= random() % 3; ++j) {
      const auto at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, 1 + random() % 4);
      } else {
        text[at] = letters[random() % letters.size()];
      }
    }
    Problems problems;
    const bool read = read_document(text, "f", problems).has_value();
    EXPECT_EQ(read, nlohmann::json::accept(text, true)) << text;
    if (read) continue;
    ++refused;
    ASSERT_EQ(problems.size(), 1u) << text;
    EXPECT_FALSE(problems[0].what.empty()) << text;
    EXPECT_GE(problems[0].line, 1) << text;
    EXPECT_LE(problems[0].line, 1 + std::count(text.begin(), text.end(), '\n')) << text;
    EXPECT_GE(problems[0].column, 1) << text;
    EXPECT_LE(static_cast<std::size_t>(problems[0].column), text.size() + 1) << text;
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace coyield::config
