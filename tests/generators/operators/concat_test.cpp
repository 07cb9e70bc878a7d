#include <gtest/gtest.h>

#include <coyield/generators/operators/concat.hpp>
#include <coyield/generators/testing.hpp>
#include <stdexcept>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Concat, GivesOneStreamAfterTheOther) {
  TestLoop loop;
  Script<int> first;
  Script<int> second;
  first.item(1).wait(1s).item(2);
  second.item(3);
  auto seen = loop.collect(concat(first.play(), second.play()));
  EXPECT_EQ(seen.items(), (std::vector{1}));
  EXPECT_FALSE(second.started()) << "not before the first has ended";
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{1, 2, 3}));
  EXPECT_TRUE(seen.ended());
}

TEST(Concat, DestroysAStreamBeforeTheNextStarts) {
  TestLoop loop;
  Script<int> first;
  Script<int> second;
  first.item(1);
  second.wait_for_ever();
  auto seen = loop.collect(concat(first.play(), second.play()));
  EXPECT_TRUE(first.destroyed());
  EXPECT_TRUE(second.started());
}

TEST(Concat, AFailureKeepsTheRestFromStarting) {
  TestLoop loop;
  Script<int> first;
  Script<int> second;
  first.fail(std::runtime_error("broken"));
  second.item(1);
  auto seen = loop.collect(concat(first.play(), second.play()));
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
  EXPECT_FALSE(second.started());
}

}  // namespace
}  // namespace coyield::generators
