#include <coyield/config/problem.hpp>

#include <gtest/gtest.h>

#include <sstream>

namespace coyield::config {
namespace {

TEST(Problem, IsOneLineWithFileLinePathAndAdvice) {
  EXPECT_EQ(
      to_string(Problem{"coyield.json", 12, 5, "endpoints./ticks.source.interval", "\"10\" has no unit",
                        "write \"10ms\" or \"10s\""}),
      "coyield.json:12: endpoints./ticks.source.interval: \"10\" has no unit; write \"10ms\" or \"10s\"");
}

TEST(Problem, ShowsTheColumnWhereThereIsNoPath) {
  EXPECT_EQ(to_string(Problem{"a.json", 3, 7, "", "no comma behind 1", ""}), "a.json:3:7: no comma behind 1");
}

TEST(Problem, ShowsNothingThatATerminalWouldObey) {
  EXPECT_EQ(
      to_string(Problem{"a.json", 1, 2, "endpoints./\x1b[31m", "the key a\nb stands\xff", "write \xc2\x9b"}),
      R"(a.json:1: endpoints./\x1b[31m: the key a\nb stands\xff; write \xc2\x9b)");
}

TEST(Problem, NeedsNoPositionAndNoFile) {
  EXPECT_EQ(to_string(Problem{"a.json", 0, 0, "", "cannot be read", ""}), "a.json: cannot be read");
  EXPECT_EQ(to_string(Problem{"", 0, 0, "source", "unknown", ""}), "source: unknown");
}

TEST(Problems, AreKeptInTheOrderOfTheirPlaces) {
  Problems problems;
  problems.add({"f", 3, 1, "c", "third", ""});
  problems.add({"f", 1, 9, "a", "first", ""});
  problems.add({"f", 3, 1, "d", "fourth", ""});
  problems.add({"f", 1, 10, "b", "second", ""});
  std::ostringstream out;
  out << problems;
  EXPECT_EQ(out.str(), "f:1: a: first\nf:1: b: second\nf:3: c: third\nf:3: d: fourth\n");
}

TEST(Suggest, FindsTheWordThatWasMeant) {
  const std::vector<std::string> known = {"interval", "from", "to", "count"};
  EXPECT_EQ(suggest("intervall", known), "did you mean \"interval\"?");  // one too many
  EXPECT_EQ(suggest("intrval", known), "did you mean \"interval\"?");    // one missing
  EXPECT_EQ(suggest("intervel", known), "did you mean \"interval\"?");   // one wrong
  EXPECT_EQ(suggest("inetrval", known), "did you mean \"interval\"?");   // two swapped
  EXPECT_EQ(suggest("INTERVAL", known), "did you mean \"interval\"?");   // another case
  EXPECT_EQ(suggest("form", known), "did you mean \"from\"?");
  EXPECT_EQ(suggest("cuont", known), "did you mean \"count\"?");
}

TEST(Suggest, AllowsTwoMissingLettersInLongerWords) {
  EXPECT_EQ(suggest("cnter", {"clock", "counter"}), "did you mean \"counter\"?");
  EXPECT_EQ(suggest("ntrval", {"interval"}), "did you mean \"interval\"?");
  EXPECT_EQ(suggest("fr", {"from"}), "");
  EXPECT_EQ(suggest("exec", {"echo", "counter", "system", "random"}), "");
}

TEST(Suggest, KeepsSilentWhereNothingIsNear) {
  const std::vector<std::string> known = {"interval", "from", "to"};
  EXPECT_EQ(suggest("path", known), "");
  EXPECT_EQ(suggest("x", known), "");
  EXPECT_EQ(suggest("ab", known), "");
  EXPECT_EQ(suggest("", known), "");
  EXPECT_EQ(suggest("anything", {}), "");
  EXPECT_EQ(suggest(std::string(100'000, 'i'), known), "");
}

TEST(Suggest, CountsTwoSwappedLettersAsOneSlip) { EXPECT_EQ(suggest("ot", {"to"}), "did you mean \"to\"?"); }

TEST(Suggest, PrefersTheNearest) {
  EXPECT_EQ(suggest("counts", {"counter", "count"}), "did you mean \"count\"?");
}

TEST(Advise, ListsAFewAndStaysSilentForMany) {
  EXPECT_EQ(advise("xyz", {"begin", "end", "now"}), "write \"begin\", \"end\" or \"now\"");
  EXPECT_EQ(advise("xyz", {"begin"}), "write \"begin\"");
  EXPECT_EQ(advise("xyz", std::vector<std::string>(21, "word")), "");
  EXPECT_EQ(advise("xyz", {}), "");
}

TEST(InQuotes, MakesAnyBytesFitForOneLine) {
  EXPECT_EQ(in_quotes("plain"), "\"plain\"");
  EXPECT_EQ(in_quotes("caf\u00e9 \U0001F600"), "\"caf\u00e9 \U0001F600\"");
  EXPECT_EQ(in_quotes("a\nb\r\tc"), R"("a\nb\r\tc")");
  EXPECT_EQ(in_quotes(std::string_view("\0\x1b[31m", 6)), R"("\x00\x1b[31m")");
  EXPECT_EQ(in_quotes("\xff\xc3"), R"("\xff\xc3")");
  EXPECT_EQ(in_quotes("\xc0\xaf"), R"("\xc0\xaf")");                  // overlong
  EXPECT_EQ(in_quotes("\xed\xa0\x80"), R"("\xed\xa0\x80")");          // half a surrogate pair
  EXPECT_EQ(in_quotes("\xf4\x90\x80\x80"), R"("\xf4\x90\x80\x80")");  // above U+10FFFF
  EXPECT_EQ(in_quotes("\xc2\x9b"), R"("\xc2\x9b")");  // a terminal's control sequence introducer
  EXPECT_EQ(in_quotes(std::string(200, 'x')), "\"" + std::string(80, 'x') + "...\"");
}

}  // namespace
}  // namespace coyield::config
