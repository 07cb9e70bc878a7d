#include <coyield/handlers/target.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

using Segments = std::vector<std::string>;
using Query = std::vector<std::pair<std::string, std::string>>;

TEST(Target, IsSplitFirstAndDecodedAfterwards) {
  const auto target = parse_target("/files/a%20b/c%2Fd?x=1+2&y=%26&z&x=3");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (Segments{"files", "a b", "c/d"}));
  EXPECT_EQ(target->query, (Query{{"x", "1 2"}, {"y", "&"}, {"z", ""}, {"x", "3"}}));
  EXPECT_EQ(*target->find_query("x"), "1 2");
  EXPECT_EQ(target->find_query("w"), nullptr);
}

TEST(Target, OfTheRootHasNoSegments) {
  EXPECT_EQ(parse_target("/")->segments, Segments{});
  EXPECT_EQ(parse_target("/a/")->segments, Segments{"a"});
}

TEST(Target, MayBeAnAbsoluteUri) {
  const auto target = parse_target("http://example.com:80/a?b=c");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, Segments{"a"});
  EXPECT_EQ(*target->find_query("b"), "c");
  EXPECT_EQ(target->host, "example.com:80");
  EXPECT_EQ(parse_target("/a")->host, std::nullopt);
}

TEST(Target, MayBeTheServerAsAWhole) { EXPECT_TRUE(parse_target("*")->asterisk); }

TEST(Target, KeepsUtf8) { EXPECT_EQ(parse_target("/%C3%A4")->segments, Segments{"\xC3\xA4"}); }

TEST(Target, IsRefusedWithASentence) {
  for (const char* bad :
       {"",     "a",       "//x",       "/a//b",          "/.",        "/..",  "/a/../b", "/%2e%2e",   "/./a",
        "/%2E", "/%00",    "/?x=%00",   "/%FF",           "/?x=%C3",   "/{a}", "/a b",    "/\xC3\xA4", "/%zz",
        "/%2",  "http:/a", "http:///a", "http://a:b@c/d", "ftp://a/b", "a:b",  "x:/y"}) {
    const auto target = parse_target(bad);
    ASSERT_FALSE(target) << bad;
    EXPECT_FALSE(target.error().what.empty()) << bad;
  }
}

}  // namespace
}  // namespace coyield::handlers
