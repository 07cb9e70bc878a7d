#include <coyield/handlers/router.hpp>

#include <gtest/gtest.h>

namespace coyield::handlers {
namespace {

class RouterTest : public testing::Test {
 protected:
  bool add(std::string_view pattern) {
    return router_.add(config::parse_route_pattern(pattern).value(), next_++);
  }
  /// The endpoint, or -1.
  int find(const std::vector<std::string>& path) {
    auto match = router_.find(path);
    if (!match) return -1;
    values_ = match->values;
    return static_cast<int>(match->endpoint);
  }

  Router router_;
  std::size_t next_ = 0;
  Router::PathValues values_;
};

TEST_F(RouterTest, FindsTheRoot) {
  EXPECT_EQ(find({}), -1);
  add("/");
  EXPECT_EQ(find({}), 0);
  EXPECT_EQ(find({"a"}), -1);
}

TEST_F(RouterTest, GivesTheValuesOfAPath) {
  add("/rooms/{room}/users/{user}");
  EXPECT_EQ(find({"rooms", "a b", "users", "c/d"}), 0);
  EXPECT_EQ(values_, (Router::PathValues{{"room", "a b"}, {"user", "c/d"}}));
  EXPECT_EQ(find({"rooms", "a", "users"}), -1);
}

TEST_F(RouterTest, GivesTheRestOfAPathAsOneValue) {
  add("/files/{path...}");
  EXPECT_EQ(find({"files", "a", "b.txt"}), 0);
  EXPECT_EQ(values_, (Router::PathValues{{"path", "a/b.txt"}}));
  EXPECT_EQ(find({"files"}), -1);
}

TEST_F(RouterTest, PrefersALiteralToAParameterToTheRest) {
  add("/{all...}");
  add("/{one}");
  add("/literal");
  EXPECT_EQ(find({"literal"}), 2);
  EXPECT_EQ(find({"other"}), 1);
  EXPECT_EQ(find({"other", "more"}), 0);
}

TEST_F(RouterTest, TriesTheNextWhereALiteralLeadsNowhere) {
  add("/a/b");
  add("/{x}/c");
  add("/a/{rest...}");
  EXPECT_EQ(find({"a", "c"}), 2);
  EXPECT_EQ(find({"b", "c"}), 1);
  add("/{x}/d/e");
  EXPECT_EQ(find({"z", "d", "e"}), 3);
}

TEST_F(RouterTest, RefusesASecondPatternForTheSamePaths) {
  EXPECT_TRUE(add("/a/{x}"));
  EXPECT_FALSE(add("/a/{y}"));
  EXPECT_TRUE(add("/a/{y...}"));
  EXPECT_FALSE(add("/a/{z...}"));
}

}  // namespace
}  // namespace coyield::handlers
