#include <gtest/gtest.h>

#include <coyield/generators/operators/skip.hpp>
#include <coyield/generators/testing.hpp>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Skip, DropsTheFirstItems) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3, 4});
  EXPECT_EQ(loop.drain(script.play() | skip(2)), (std::vector{3, 4}));
}

TEST(Skip, MoreThanThereAreGivesNothing) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2});
  EXPECT_EQ(loop.drain(script.play() | skip(3)), std::vector<int>());
}

}  // namespace
}  // namespace coyield::generators
