#include <gtest/gtest.h>

#include <coyield/generators/operators/take_while.hpp>
#include <coyield/generators/testing.hpp>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(TakeWhile, EndsAtTheFirstItemThatFails) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 9, 1}).wait_for_ever();
  EXPECT_EQ(loop.drain(script.play() | take_while([](int item) { return item < 5; })), (std::vector{1, 2}));
  EXPECT_EQ(script.given(), 3u);
}

}  // namespace
}  // namespace coyield::generators
