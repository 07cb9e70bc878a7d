#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/operators/sort.hpp>
#include <stdexcept>
#include <string>

#include "configured.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Pairs = std::vector<std::pair<int, char>>;

TEST(Sort, PassesTheFirstInOrderOnOnceSoManyAreHeld) {
  TestLoop loop;
  Script<int> script;
  script.items({3, 1, 2, 5, 4, 7, 6}).wait_for_ever();
  auto seen = loop.collect(sort(script.play(), {.max_items = 3}));
  EXPECT_EQ(seen.items(), (std::vector{1, 2, 3, 4, 5})) << "two are held";
}

TEST(Sort, GivesTheRestInOrderAtTheEnd) {
  TestLoop loop;
  Script<int> script;
  script.items({3, 1, 2, 5, 4});
  EXPECT_EQ(loop.drain(script.play() | sort({.max_items = 100})), (std::vector{1, 2, 3, 4, 5}));
}

TEST(Sort, EqualOnesStayInTheirOrder) {
  TestLoop loop;
  Script<std::pair<int, char>> script;
  script.items({{2, 'a'}, {1, 'b'}, {2, 'c'}, {1, 'd'}, {2, 'e'}});
  auto sorted = script.play() | sort({.max_items = 100}, &std::pair<int, char>::first, std::greater<>());
  EXPECT_EQ(loop.drain(std::move(sorted)), (Pairs{{2, 'a'}, {2, 'c'}, {2, 'e'}, {1, 'b'}, {1, 'd'}}));
}

TEST(Sort, HoldsNoneLongerThanItsTimeAndPassesThoseInFrontOfItOnFirst) {
  TestLoop loop;
  Script<int> script;
  script.item(5).wait(30ms).item(3).wait(30ms).item(9).wait(30ms).item(4).wait_for_ever();
  auto seen = loop.collect(sort(script.play(), {.within = 100ms}));
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{3, 4, 5, 9}));
  EXPECT_EQ(seen.times(), (Times{100ms, 100ms, 100ms, 160ms}));
}

TEST(Sort, AnItemThatComesTooLateIsTheFirstOfThoseThatAreHeld) {
  TestLoop loop;
  Script<int> script;
  script.items({5, 6, 7, 1, 8, 9});
  EXPECT_EQ(loop.drain(sort(script.play(), {.max_items = 2})), (std::vector{5, 6, 1, 7, 8, 9}));
}

TEST(Sort, IsFullWithSoManyBytesToo) {
  TestLoop loop;
  Script<std::string> script;
  for (const char c : {'d', 'c', 'b', 'a'}) script.item(std::string(1000, c));
  script.wait_for_ever();
  auto seen = loop.collect(sort(script.play(), {.max_bytes = 5000}));
  ASSERT_EQ(seen.size(), 2u) << "each counts twice, with its key: three are too many";
  EXPECT_EQ(seen.items()[0].front(), 'b');
  EXPECT_EQ(seen.items()[1].front(), 'a');
}

TEST(Sort, GivesWhatHadComeBeforeAFailureFirst) {
  TestLoop loop;
  Script<int> script;
  script.items({2, 1}).wait(10ms).fail(std::runtime_error("broken"));
  auto seen = loop.collect(sort(script.play(), {.max_items = 9}));
  loop.advance(10ms);
  EXPECT_EQ(seen.items(), (std::vector{1, 2}));
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
}

TEST(Sort, TakesNoMoreThanItHoldsForASlowConsumer) {
  TestLoop loop;
  Script<int> script;
  for (int item = 9; item >= 0; --item) script.item(item);
  auto seen = loop.collect(sort(script.play(), {.max_items = 3}), 1);
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{7}));
  EXPECT_EQ(script.given(), 3u);
}

TEST(Sort, OfASourceThatIsAlwaysReadyLetsOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  auto seen = loop.collect(sort(endless(), {.max_items = 1'000'000'000}));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

TEST(Sort, KeepsItemsThatBorrow) {
  TestLoop loop;
  auto borrowing = []() -> AsyncGenerator<Item> {
    std::string line;
    for (int number = 3; number > 0; --number) {
      line = "a line that is long enough not to be inline " + std::to_string(number);
      co_yield Item::text(line);
      line.assign(100, '#');
    }
  };
  auto text = [](const Item& item) { return std::string(item.payload()); };
  auto seen = loop.collect(sort(borrowing(), {.max_items = 2}, text));
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen.stamped()[0].item.payload(), "a line that is long enough not to be inline 2");
  EXPECT_EQ(seen.stamped()[2].item.payload(), "a line that is long enough not to be inline 3");
}

Texts sorted(const char* text, Texts given) { return through(ConfiguredOperators(), text, std::move(given)); }

TEST(ConfiguredSort, SortsByAPlace) {
  EXPECT_EQ(
      sorted(R"({ "sort": { "by": "/n", "items": 9 } })", {R"({"n":10})", R"({"n":9})", R"({"n":9.5})"}),
      (Texts{R"({"n":9})", R"({"n":9.5})", R"({"n":10})"}));
}

TEST(ConfiguredSort, KindsStandInAnOrderOfTheirOwn) {
  const Texts in_order{R"({"a":0})",
                       R"({"v":null})",
                       R"({"v":false})",
                       R"({"v":true})",
                       R"({"v":-1e400})",
                       R"({"v":-1})",
                       R"({"v":0.5})",
                       R"({"v":9007199254740992})",
                       R"({"v":9007199254740993})",
                       R"({"v":""})",
                       R"({"v":"\u0041"})",
                       R"({"v":"a"})",
                       R"({"v":"ab"})",
                       "{\"v\":\"\xc3\xa9\"}",
                       R"({"v":[1]})",
                       R"({"v":[2]})",
                       R"({"v":{}})"};
  Texts given = in_order;
  std::ranges::reverse(given);
  EXPECT_EQ(sorted(R"({ "sort": { "by": "/v", "items": 99 } })", given), in_order);
  EXPECT_EQ(sorted(R"({ "sort": { "by": "/v", "items": 99, "order": "descending" } })", in_order), given);
}

TEST(ConfiguredSort, EqualOnesStayInTheirOrderInBothOrders) {
  const Texts given{R"({"v":1,"i":1})", R"({"v":1.0,"i":2})", R"({"v":1e0,"i":3})"};
  EXPECT_EQ(sorted(R"({ "sort": { "by": "/v", "items": 99 } })", given), given);
  EXPECT_EQ(sorted(R"({ "sort": { "by": "/v", "items": 99, "order": "descending" } })", given), given);
}

TEST(ConfiguredSort, AllThatCameBeforeAGapIsPassedOnInFrontOfIt) {
  const std::string gap(gap_text);
  EXPECT_EQ(sorted(R"({ "sort": { "by": "", "items": 99 } })", {"3", "2", gap, gap, "1", "0"}),
            (Texts{"2", "3", gap, gap, "0", "1"}));
}

TEST(ConfiguredSort, HoldsForATime) {
  const ConfiguredOperators operators;
  TestLoop loop;
  auto seen = loop.collect(
      operators.apply(R"({ "sort": { "by": "", "within": "25ms" } })", items_of({"2", "1", "4", "3"}, 10ms)));
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), (Texts{"1", "2", "3", "4"}));
  EXPECT_EQ(seen.times(), (Times{25ms, 25ms, 40ms, 40ms}));
}

TEST(ConfiguredSort, KeepsIdsAndEventNames) {
  TestLoop loop;
  Script<Item> script;
  Item given = json_item("1");
  given.set_id("17");
  given.set_event("new");
  script.item(given.own());
  auto seen =
      loop.collect(ConfiguredOperators().apply(R"({ "sort": { "by": "", "items": 5 } })", script.play()));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen.stamped()[0].item.id(), "17");
  EXPECT_EQ(seen.stamped()[0].item.event(), "new");
}

TEST(ConfiguredSort, EveryMistakeIsReported) {
  const ConfiguredOperators operators;
  EXPECT_EQ(
      operators.mistakes_in(R"({ "sort": "ts" })"),
      (Texts{
          R"(operator.within: is missing, and so is "items"; say for how long an item is held back ("2s"), or how many are)",
          R"(operator: "ts" is no JSON Pointer; write "/ts")"}));
  EXPECT_FALSE(operators.load(R"({ "sort": { "items": 5 } })"));
  EXPECT_FALSE(operators.load(R"({ "sort": { "by": "/a", "items": 5, "order": "up" } })"));
  EXPECT_TRUE(operators.load(R"({ "sort": { "by": "${query.by}", "within": "${query.within}" } })"));
}

}  // namespace
}  // namespace coyield::generators
