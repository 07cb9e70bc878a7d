#include <gtest/gtest.h>

#include <coyield/generators/operators/distinct.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/testing.hpp>
#include <string>

namespace coyield::generators {
namespace {

using testing::Script;
using testing::TestLoop;

TEST(Distinct, DropsAnItemThatEqualsTheOneBeforeIt) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 1, 2, 1, 1, 1, 3});
  EXPECT_EQ(loop.drain(script.play() | distinct()), (std::vector{1, 2, 1, 3}));
}

TEST(Distinct, ComparesByAKey) {
  TestLoop loop;
  Script<std::string> script;
  script.items({"a", "bb", "cc", "d"});
  EXPECT_EQ(loop.drain(distinct(script.play(), &std::string::size)),
            (std::vector<std::string>{"a", "bb", "d"}));
}

TEST(Distinct, ComparesWhatStagesBeforeItMade) {
  TestLoop loop;
  Script<int> script;
  script.items({10, 11, 12, 25});
  auto tens = distinct(script.play() | map([](int item) { return item / 10; }));
  EXPECT_EQ(loop.drain(std::move(tens)), (std::vector{1, 2}));
}

TEST(Distinct, RemembersTheItemBeforeTheConsumerMovesFromIt) {
  TestLoop loop;
  Script<std::string> script;
  const std::string text = "a text that is long enough not to be inline";
  script.items({text, text});
  EXPECT_EQ(loop.drain(script.play() | distinct()), (std::vector{text}));
}

TEST(Distinct, AGapPassesAndSoDoesTheItemBehindIt) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<Item> {
    co_yield Item::text("a");
    co_yield Item::text("a");
    co_yield Item::gap("{}");
    co_yield Item::text("a");
  };
  auto text = [](const Item& item) { return std::string(item.payload()); };
  auto seen = loop.collect(source() | distinct(text));
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.stamped()[1].item.kind(), PayloadKind::gap);
  EXPECT_EQ(seen.stamped()[2].item.payload(), "a");
}

}  // namespace
}  // namespace coyield::generators
