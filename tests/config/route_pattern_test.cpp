#include <coyield/config/route_pattern.hpp>

#include <gtest/gtest.h>

namespace coyield::config {
namespace {

using Segment = RoutePattern::Segment;
using enum RoutePattern::Segment::Kind;

TEST(RoutePattern, IsSplitIntoSegments) {
  EXPECT_TRUE(parse_route_pattern("/").value().segments.empty());
  EXPECT_EQ(parse_route_pattern("/count/{n}").value().segments,
            (std::vector<Segment>{{literal, "count"}, {parameter, "n"}}));
  auto files = parse_route_pattern("/caf\u00e9/{a_1}/x.y/{rest...}").value();
  EXPECT_EQ(
      files.segments,
      (std::vector<Segment>{{literal, "caf\u00e9"}, {parameter, "a_1"}, {literal, "x.y"}, {rest, "rest"}}));
  EXPECT_EQ(files.names(), (std::vector<std::string>{"a_1", "rest"}));
}

TEST(RoutePattern, MistakesSayWhatToWrite) {
  struct Row {
    std::string_view text;
    const char* message;
  };
  using namespace std::string_view_literals;
  for (const auto& row : {
           Row{"", R"("" does not begin with a slash; write "/")"},
           Row{"count", R"("count" does not begin with a slash; write "/count")"},
           Row{"/count/", R"("/count/" ends in a slash; write "/count")"},
           Row{"/a//b", R"("/a//b" has an empty segment; write one slash for the two)"},
           Row{"/a/{}", R"("" is no name; write letters, digits and "_" between the braces, such as {room})"},
           Row{"/a/{1x}",
               R"("1x" is no name; write letters, digits and "_" between the braces, such as {room})"},
           Row{"/a/{b-c}",
               R"("b-c" is no name; write letters, digits and "_" between the braces, such as {room})"},
           Row{"/a/{b}.json",
               R"("{b}.json" has a brace amid other text; write {name} as a segment of its own)"},
           Row{"/a/{b", R"("{b" has a brace amid other text; write {name} as a segment of its own)"},
           Row{"/{r...}/x",
               R"({r...} is the rest of the path and must come last; write {r} for one segment)"},
           Row{"/{a}/{a}", R"({a} stands twice; give each parameter a name of its own)"},
           Row{"/a?x=1", R"("a?x=1" has a query in it; leave it out; ${query.name} reads a query parameter)"},
           Row{"/a%20b", R"("a%20b" has an escape in it; write the character itself)"},
           Row{"/a/../b", R"(".." is never asked for; write the path that is meant)"},
           Row{"/a/*", R"("*" matches nothing else; write {name} or {name...})"},
           Row{"/a/:id", R"(":id" is no parameter here; write "/a/{id}")"},
           Row{"/a#b", R"("a#b" has the character "#", which no path has; remove it)"},
           Row{"/a\0"sv, R"("a\x00" has the character "\x00", which no path has; remove it)"},
           Row{"/\xff", R"("\xff" is no UTF-8; save the file as UTF-8)"},
           Row{"/.coyield", R"(paths under /.coyield/ are the program's own; choose another beginning)"},
           Row{"/.coyield/x", R"(paths under /.coyield/ are the program's own; choose another beginning)"},
       }) {
    auto pattern = parse_route_pattern(row.text);
    ASSERT_FALSE(pattern) << row.text;
    EXPECT_EQ(to_string(pattern.error()), row.message);
  }
}

TEST(RoutePattern, NamesDoNotTellPatternsApart) {
  auto same = [](std::string_view a, std::string_view b) {
    return same_paths(parse_route_pattern(a).value(), parse_route_pattern(b).value());
  };
  EXPECT_TRUE(same("/a/{x}", "/a/{y}"));
  EXPECT_TRUE(same("/{x...}", "/{y...}"));
  EXPECT_FALSE(same("/a/{x}", "/a/x"));
  EXPECT_FALSE(same("/a/{x}", "/a/{x...}"));
  EXPECT_FALSE(same("/a/{x}", "/b/{x}"));
  EXPECT_FALSE(same("/a", "/a/{x}"));
}

}  // namespace
}  // namespace coyield::config
