#include <gtest/gtest.h>

#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/operators/zip.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <stdexcept>
#include <string>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Times = std::vector<std::chrono::nanoseconds>;

TEST(Zip, PairsTheItemsOfAllStreamsByTheirPlace) {
  TestLoop loop;
  Script<int> numbers;
  Script<std::string> words;
  Script<char> letters;
  numbers.items({1, 2});
  words.items({"one", "two"});
  letters.items({'a', 'b'});
  using Row = std::tuple<int, std::string, char>;
  EXPECT_EQ(loop.drain(zip(numbers.play(), words.play(), letters.play())),
            (std::vector<Row>{{1, "one", 'a'}, {2, "two", 'b'}}));
}

TEST(Zip, WithAFunctionGivesWhatItReturns) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.items({1, 2});
  right.items({10, 20});
  EXPECT_EQ(loop.drain(zip_with(std::plus<>(), left.play(), right.play())), (std::vector{11, 22}));
}

TEST(Zip, AsksAllAtOnceAndIsAsFastAsTheSlowest) {
  TestLoop loop;
  Script<int> slow;
  Script<int> quick;
  slow.wait(50ms).item(1).wait(50ms).item(2);
  quick.wait(40ms).item(1).wait(40ms).item(2);
  auto seen = loop.collect(zip(slow.play(), quick.play()));
  loop.advance(1s);
  EXPECT_EQ(seen.times(), (Times{50ms, 100ms}));
}

TEST(Zip, EndsWithTheFirstThatEndsAndDestroysTheOthers) {
  TestLoop loop;
  Script<int> shorter;
  Script<int> longer;
  shorter.item(1).wait(10ms);
  longer.item(1).wait_for_ever();
  auto seen = loop.collect(zip(longer.play(), shorter.play()));
  loop.advance(10ms);
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(longer.cancelled_at(), 1u);
}

TEST(Zip, DoesNotAskTheOthersWhenTheFirstHasEnded) {
  TestLoop loop;
  Script<int> shorter;
  Script<int> longer;
  shorter.item(1);
  longer.items({1, 2, 3});
  EXPECT_EQ(loop.drain(zip(shorter.play(), longer.play())).size(), 1u);
  EXPECT_EQ(longer.given(), 1u);
}

TEST(Zip, WhenOneFailsTheOthersAreCancelled) {
  TestLoop loop;
  Script<int> left;
  Script<int> right;
  left.wait_for_ever();
  right.item(1).wait(10ms).fail(std::runtime_error("broken"));
  auto seen = loop.collect(zip(left.play(), right.play()));
  loop.advance(10ms);
  EXPECT_FALSE(seen.ended()) << "the second item of the right is not asked for yet";
  Script<int> failing;
  failing.fail(std::runtime_error("broken"));
  Script<int> waiting;
  waiting.wait_for_ever();
  auto failed = loop.collect(zip(waiting.play(), failing.play()));
  loop.run_ready();
  EXPECT_THROW(failed.rethrow_failure(), std::runtime_error);
  EXPECT_EQ(waiting.cancelled_at(), 0u);
}

TEST(Zip, TakesMoveOnlyItemsAndPipelines) {
  TestLoop loop;
  Script<int> left;
  Script<std::unique_ptr<int>> right;
  left.item(2);
  right.item(std::make_unique<int>(3));
  auto product = zip(left.play() | map([](int item) { return item * 5; }), right.play()) |
                 map([](const auto& pair) { return std::get<0>(pair) * *std::get<1>(pair); });
  EXPECT_EQ(loop.drain(std::move(product)), (std::vector{30}));
}

}  // namespace
}  // namespace coyield::generators
