#include <gtest/gtest.h>

#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <stdexcept>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Map, GivesWhatTheFunctionMakesOfEachItem) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  EXPECT_EQ(loop.drain(script.play() | map([](int item) { return std::to_string(item); })),
            (std::vector<std::string>{"1", "2", "3"}));
}

TEST(Map, TakesAMemberForAFunction) {
  TestLoop loop;
  Script<std::string> script;
  script.item("four").item("");
  EXPECT_EQ(loop.drain(script.play() | map(&std::string::size)), (std::vector<std::size_t>{4, 0}));
}

TEST(Map, HandsTheItemOverToBeMovedFrom) {
  TestLoop loop;
  Script<std::unique_ptr<int>> script;
  script.item(std::make_unique<int>(5));
  EXPECT_EQ(loop.drain(script.play() | map([](std::unique_ptr<int> owned) { return *owned; })),
            (std::vector{5}));
}

TEST(Map, AnExceptionOfTheFunctionEndsTheStream) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 0, 2});
  auto inverse = [](int item) {
    if (item == 0) throw std::domain_error("zero");
    return 1 / item;
  };
  auto seen = loop.collect(script.play() | map(inverse));
  EXPECT_EQ(seen.items(), (std::vector{1}));
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), std::domain_error);
  EXPECT_TRUE(script.destroyed());
}

}  // namespace
}  // namespace coyield::generators
