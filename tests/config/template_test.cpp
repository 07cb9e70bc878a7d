#include <coyield/config/template.hpp>

#include <gtest/gtest.h>

#include "sample.hpp"

namespace coyield::config {
namespace {

using sample::Request;
using sample::request;

Template parse(std::string_view text) { return Template::parse(text).value(); }

TEST(Template, WithoutSubstitutionsIsItsText) {
  for (const char* text : {"", "plain", "a$b", "cost: $5", "{n}", "$"}) {
    EXPECT_TRUE(parse(text).constant()) << text;
    EXPECT_EQ(parse(text).text(), text);
    EXPECT_EQ(parse(text).fill(Request{}).value(), text);
  }
}

TEST(Template, TwoDollarsAreOne) {
  EXPECT_EQ(parse("$$").text(), "$");
  EXPECT_EQ(parse("$${path.n}").text(), "${path.n}");
  EXPECT_EQ(parse("$$$$x$").text(), "$$x$");
}

TEST(Template, FillsInEveryOrigin) {
  const auto values =
      request({{"path.n", "5"}, {"query.q", "a b"}, {"header.X-User", "me"}, {"claim.sub", "1.2"}});
  EXPECT_EQ(parse("${path.n}/${query.q}/${header.X-User}/${claim.sub}!").fill(values).value(),
            "5/a b/me/1.2!");
}

TEST(Template, NeverLooksAgainAtWhatWasFilledIn) {
  const auto values = request({{"query.a", "${query.b}$$"}, {"query.b", "secret"}});
  EXPECT_EQ(parse("<${query.a}>").fill(values).value(), "<${query.b}$$>");
}

TEST(Template, ADefaultStandsInForAMissingAndForAnEmptyValue) {
  auto text = parse("${query.n:-7}");
  EXPECT_EQ(text.fill(Request{}).value(), "7");
  EXPECT_EQ(text.fill(request({{"query.n", ""}})).value(), "7");
  EXPECT_EQ(text.fill(request({{"query.n", "3"}})).value(), "3");
  EXPECT_EQ(parse("${query.n:-}").fill(Request{}).value(), "");
  EXPECT_EQ(parse("${query.n:-a:-b}").fill(Request{}).value(), "a:-b");
}

TEST(Template, WithoutADefaultAnEmptyValueIsAValueAndAMissingOneIsNamed) {
  auto text = parse("x${query.n}");
  EXPECT_EQ(text.fill(request({{"query.n", ""}})).value(), "x");
  auto missing = text.fill(Request{});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error(), (Reference{Origin::query, "n"}));
}

TEST(Template, TheEnvironmentIsFilledInOnce) {
  auto text = parse("${env.HOST}:${env.PORT:-80}/${path.n}");
  EXPECT_EQ(text.fill_environment(sample::environment({{"HOST", "${query.x}"}})), std::nullopt);
  EXPECT_FALSE(text.constant());
  EXPECT_EQ(text.fill(request({{"path.n", "1"}})).value(), "${query.x}:80/1");
}

TEST(Template, AMissingVariableIsNamed) {
  auto text = parse("${env.NOPE}");
  EXPECT_EQ(text.fill_environment(sample::environment({})), "NOPE");
}

TEST(Template, MistakesSayWhatToWrite) {
  struct Row {
    const char* text;
    const char* message;
  };
  for (
      const auto& row : {
          Row{"${path.n",
              R"("${path.n" has no closing brace; write "}" behind the name, or "$${" for a plain "${")"},
          Row{"${n}",
              "${n} does not say where the value comes from; write ${path.n}, ${query.n}, ${header.n} "
              "or ${env.n}"},
          Row{"${qurey.n}", R"(there is no "qurey" that ${qurey.n} could come from; did you mean "query"?)"},
          Row{"${foo.n}",
              R"(there is no "foo" that ${foo.n} could come from; write "path", "query", "header" or "env")"},
          Row{"${query.a b}",
              "${query.a b}: \"a b\" is no name; a name consists of letters, digits, \"-\", \"_\" and \".\"; "
              "a default "
              "stands behind \":-\""},
          Row{"${query.}", "${query.} names no value; write ${query.NAME}"},
          Row{"${}", "${} names no value; write ${query.NAME}"},
          Row{"${query.n:5}",
              R"(the default in ${query.n:5} does not stand behind ":-"; did you mean ${query.n:-5}?)"},
      }) {
    auto parsed = Template::parse(row.text);
    ASSERT_FALSE(parsed) << row.text;
    EXPECT_EQ(to_string(parsed.error()), row.message);
  }
}

TEST(Template, ALiteralIsAsItIs) {
  EXPECT_EQ(Template::literal("${path.x} $$").text(), "${path.x} $$");
  EXPECT_TRUE(Template::literal("${path.x}").constant());
}

TEST(Template, TwoMayBeEqualWhereSomeValuesMakeThem) {
  const auto may = [](std::string_view a, std::string_view b) {
    const bool forth = may_be_equal(Template::parse(a).value(), Template::parse(b).value());
    EXPECT_EQ(may_be_equal(Template::parse(b).value(), Template::parse(a).value()), forth);
    return forth;
  };
  EXPECT_TRUE(may("", ""));
  EXPECT_TRUE(may("room", "room"));
  EXPECT_FALSE(may("room", "roon"));
  EXPECT_FALSE(may("room", "rooms"));
  EXPECT_TRUE(may("room.${path.n}", "room.5"));
  EXPECT_TRUE(may("room.${path.n}", "room."));
  EXPECT_FALSE(may("room.${path.n}", "hall.5"));
  EXPECT_TRUE(may("${path.n}", "anything"));
  EXPECT_TRUE(may("a${path.n}b", "ab"));
  EXPECT_TRUE(may("a${path.n}b", "axyzb"));
  EXPECT_FALSE(may("a${path.n}b", "axyzc"));
  EXPECT_TRUE(may("a${path.n}", "${path.n}b"));
  EXPECT_TRUE(may("a.${path.n}.c", "a.${path.n}"));
  EXPECT_FALSE(may("a.${path.n}.c", "b.${path.n}"));
  EXPECT_FALSE(may("${path.n}.c", "${path.n}.d"));
  EXPECT_TRUE(may("${path.a}x${path.b}", "axxxb"));
}

TEST(Template, TheProcessEnvironmentIsRead) {
  EXPECT_TRUE(process_environment()("PATH"));
  EXPECT_EQ(process_environment()("COYIELD_NO_SUCH_VARIABLE"), std::nullopt);
}

}  // namespace
}  // namespace coyield::config
