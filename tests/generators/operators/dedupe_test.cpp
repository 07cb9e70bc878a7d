#include <gtest/gtest.h>

#include <coyield/generators/operators/dedupe.hpp>
#include <coyield/generators/operators/map.hpp>
#include <string>

#include "configured.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Dedupe, DropsWhatHasComeBefore) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 1, 3, 2, 2, 1});
  EXPECT_EQ(loop.drain(script.play() | dedupe()), (std::vector{1, 2, 3}));
}

TEST(Dedupe, ComparesByAKey) {
  TestLoop loop;
  Script<std::string> script;
  script.items({"a", "bb", "cc", "d", "eee"});
  EXPECT_EQ(loop.drain(dedupe(script.play(), &std::string::size)),
            (std::vector<std::string>{"a", "bb", "eee"}));
}

TEST(Dedupe, ForgetsTheKeyThatWasSeenLeastRecently) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 1, 3, 1, 2, 1});
  EXPECT_EQ(loop.drain(script.play() | dedupe(std::identity(), {.max_keys = 2})), (std::vector{1, 2, 3, 2}))
      << "1 is seen again and again; 2 makes room for 3";
}

TEST(Dedupe, RemembersFromWhenAKeyWasSeenLast) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(60ms).item(1).wait(60ms).item(1).wait(100ms).item(1);
  auto seen = loop.collect(script.play() | dedupe(std::identity(), {.within = 100ms}));
  loop.advance(1s);
  EXPECT_EQ(seen.times(), (Times{0ms, 220ms}));
}

TEST(Dedupe, RemembersSoManyBytesAtMost) {
  const auto passed = [](std::size_t max_bytes) {
    TestLoop loop;
    Script<std::string> script;
    for (int round = 0; round < 2; ++round) {
      for (const char c : {'a', 'b', 'c'}) script.item(std::string(1000, c));
    }
    return loop.drain(script.play() | dedupe(std::identity(), {.max_bytes = max_bytes})).size();
  };
  EXPECT_EQ(passed(4000), 3u);
  EXPECT_EQ(passed(3000), 6u) << "two have room, and the third one is always the one that was forgotten";
  EXPECT_EQ(passed(1), 6u) << "the newest is remembered whatever it takes";
}

TEST(Dedupe, AGapPassesAndClearsNothing) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<Item> {
    co_yield Item::text("a");
    co_yield Item::gap("{}");
    co_yield Item::gap("{}");
    co_yield Item::text("a");
  };
  auto text = [](const Item& item) { return std::string(item.payload()); };
  auto seen = loop.collect(source() | dedupe(text));
  EXPECT_EQ(payloads(seen), (Texts{"a", "{}", "{}"}));
}

TEST(Dedupe, RemembersTheItemBeforeTheConsumerMovesFromIt) {
  TestLoop loop;
  Script<std::string> script;
  const std::string text = "a text that is long enough not to be inline";
  script.items({text, text});
  EXPECT_EQ(loop.drain(script.play() | dedupe()), (std::vector{text}));
}

TEST(Dedupe, OfASourceThatIsAlwaysReadyLetsOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (;;) co_yield 1;
  };
  auto seen = loop.collect(dedupe(endless()));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
  EXPECT_EQ(seen.items(), (std::vector{1}));
}

TEST(ConfiguredDedupe, ComparesWholeItemsByWhatIsWritten) {
  const ConfiguredOperators operators;
  EXPECT_EQ(through(operators, R"("dedupe")", {"1", R"({"a":1})", "1", "1.0", R"({"a":1})", R"("1")"}),
            (Texts{"1", R"({"a":1})", "1.0", R"("1")"}));
}

TEST(ConfiguredDedupe, ComparesWhatStandsAtPlaces) {
  const ConfiguredOperators operators;
  const Texts given{R"({"id":1,"n":1})", R"({"id":2,"n":1})",    R"({"id":1,"n":2})", R"({"n":1})",
                    R"({"n":2})",        R"({"id":null,"n":1})", R"({"id":"1"})"};
  EXPECT_EQ(through(operators, R"({ "dedupe": "/id" })", given),
            (Texts{given[0], given[1], given[3], given[5], given[6]}));
  EXPECT_EQ(through(operators, R"({ "dedupe": ["/id", "/n"] })", given),
            (Texts{given[0], given[1], given[2], given[3], given[4], given[5], given[6]}));
  EXPECT_EQ(
      through(operators, R"({ "dedupe": ["/a", "/b"] })", {R"({"a":1,"b":12})", R"({"a":11,"b":2})"}).size(),
      2u)
      << "one place ends where the next begins";
}

TEST(ConfiguredDedupe, ATextIsNoJson) {
  const ConfiguredOperators operators;
  TestLoop loop;
  auto source = []() -> AsyncGenerator<Item> {
    co_yield Item::text("7");
    co_yield Item::json("7");
    co_yield Item::bytes("7");
    co_yield Item::text("7");
  };
  auto seen = loop.collect(operators.apply(R"("dedupe")", source()));
  EXPECT_EQ(seen.size(), 3u);
}

TEST(ConfiguredDedupe, RemembersForATimeAndSoManyKeys) {
  const ConfiguredOperators operators;
  TestLoop loop;
  auto seen = loop.collect(operators.apply(R"({ "dedupe": { "within": "25ms" } })",
                                           items_of({"1", "2", "1", "3", "4", "1"}, 10ms)));
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), (Texts{"1", "2", "3", "4", "1"}));
  EXPECT_EQ(through(operators, R"({ "dedupe": { "keys": 1 } })", {"1", "1", "2", "1"}),
            (Texts{"1", "2", "1"}));
}

TEST(ConfiguredDedupe, CannotBeResumedBehind) {
  EXPECT_EQ(ConfiguredOperators().positions("dedupe"), Positions::lost)
      << "it would give again what the client has got";
}

TEST(ConfiguredDedupe, EveryMistakeIsReported) {
  const ConfiguredOperators operators;
  EXPECT_EQ(operators.mistakes_in(R"({ "dedupe": ["id", 5, "/ok"] })"),
            (Texts{R"(operator[0]: "id" is no JSON Pointer; write "/id")",
                   R"(operator[1]: 5 is no place in the item; write "/name")"}));
  EXPECT_EQ(operators.mistakes_in(R"({ "dedupe": [] })"),
            (Texts{R"(operator: no place is in the list; write "" for the whole item)"}));
  EXPECT_EQ(operators.mistakes_in(R"({ "dedupe": { "keys": 0 } })").size(), 1u);
  EXPECT_FALSE(operators.load(R"({ "dedupe": { "keys": "${query.keys}" } })"));
  EXPECT_TRUE(operators.load(R"({ "dedupe": "${query.by}" })"));
}

}  // namespace
}  // namespace coyield::generators
