#include <gtest/gtest.h>

#include <coyield/generators/operators/flat_map.hpp>
#include <coyield/generators/operators/take.hpp>
#include <coyield/generators/testing.hpp>
#include <map>
#include <stdexcept>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

/// Item i becomes 10 * i + 0, 1, 2, which come 10 ms apart.
AsyncGenerator<int> three(int item) {
  for (int digit = 0; digit < 3; ++digit) {
    if (digit > 0) co_await sleep_for(10ms);
    co_yield 10 * item + digit;
  }
}

TEST(FlatMap, GivesAllOfOneItemBeforeThoseOfTheNext) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2});
  EXPECT_EQ(loop.drain(script.play() | flat_map(three)), (std::vector{10, 11, 12, 20, 21, 22}));
}

TEST(FlatMap, InOrderAsksForTheNextItemWhenAllOfOneIsTaken) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2});
  auto seen = loop.collect(flat_map(script.play(), three), 3);
  loop.advance(1s);
  EXPECT_EQ(script.given(), 1u);
}

TEST(FlatMap, RunsSeveralAtOnce) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  auto seen = loop.collect(flat_map(script.play(), three, 2));
  loop.run_ready();
  EXPECT_EQ(script.given(), 2u) << "two run: the third waits";
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{10, 20, 11, 21, 12, 22, 30, 31, 32}));
  EXPECT_EQ(seen.times().back(), 40ms);
  EXPECT_TRUE(seen.ended());
}

TEST(FlatMap, WaitsForItemsAndForGeneratorsTogether) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(15ms).item(2).wait(100ms);
  auto seen = loop.collect(flat_map(script.play(), three, 4));
  loop.advance(99ms);
  EXPECT_EQ(seen.items(), (std::vector{10, 11, 20, 12, 21, 22}));
  EXPECT_FALSE(seen.ended());
  loop.advance(16ms);
  EXPECT_TRUE(seen.ended());
}

class FlatMapOf : public ::testing::TestWithParam<std::size_t> {};

TEST_P(FlatMapOf, GeneratorsThatAreEmptyIsEmpty) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3, 4, 5}).wait(1ms).item(6);
  auto none = [](int) -> AsyncGenerator<std::string> { co_return; };
  EXPECT_EQ(loop.drain(flat_map(script.play(), none, GetParam())), std::vector<std::string>());
}

TEST_P(FlatMapOf, OneThatFailsCancelsTheOthersAndFails) {
  TestLoop loop;
  std::map<int, Script<int>> inner;
  inner[1].item(1).wait(10ms).fail(std::runtime_error("broken"));
  inner[2].item(2).wait_for_ever();
  Script<int> script;
  script.items({1, 2}).wait_for_ever();
  auto seen =
      loop.collect(flat_map(script.play(), [&inner](int item) { return inner[item].play(); }, GetParam()));
  loop.advance(20ms);
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
  EXPECT_TRUE(script.destroyed());
  EXPECT_TRUE(inner[1].destroyed());
  EXPECT_EQ(inner[2].started(), GetParam() > 1);
  EXPECT_EQ(inner[2].destroyed(), GetParam() > 1);
}

TEST_P(FlatMapOf, AFunctionThatThrowsFails) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2});
  auto second_throws = [](int item) {
    if (item == 2) throw std::runtime_error("two");
    return three(item) | take(1);
  };
  auto seen = loop.collect(flat_map(script.play(), second_throws, GetParam()));
  loop.advance(1s);
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
}

TEST_P(FlatMapOf, DroppedCancelsAll) {
  TestLoop loop;
  Script<int> script;
  Script<int> inner;
  script.item(1).wait_for_ever();
  inner.item(1).wait_for_ever();
  auto seen = loop.collect(flat_map(script.play(), [&inner](int) { return inner.play(); }, GetParam()));
  loop.run_ready();
  seen.drop();
  EXPECT_TRUE(script.destroyed());
  EXPECT_EQ(inner.cancelled_at(), 1u);
}

TEST_P(FlatMapOf, EndlesslyManyEmptyGeneratorsLetOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  auto none = [](int) -> AsyncGenerator<int> { co_return; };
  auto seen = loop.collect(flat_map(endless(), none, GetParam()));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

INSTANTIATE_TEST_SUITE_P(Concurrency, FlatMapOf, ::testing::Values(1, 2, 5),
                         [](const auto& tested) { return std::to_string(tested.param); });

}  // namespace
}  // namespace coyield::generators
