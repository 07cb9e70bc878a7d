// The operators that the configuration can name, put together as a configuration does it.
#include <gtest/gtest.h>

#include <coyield/config/load.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/registry.hpp>
#include <coyield/generators/testing.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;
using Texts = std::vector<std::string>;
using Times = std::vector<std::chrono::nanoseconds>;

struct Named {
  Named() {
    for (Operator& op : all_operators()) registry.add(std::move(op));
  }
  AsyncGenerator<Item> apply(std::string_view text, AsyncGenerator<Item> upstream,
                             OperatorContext context = {}) const {
    const auto loaded = load(text);
    if (!loaded) throw std::invalid_argument(loaded.error().text());
    return registry.find_operator(loaded->name())
        ->apply(std::move(upstream), loaded->resolve(config::NoRequestValues()).value(), context);
  }
  config::Loaded<config::ComponentConfig> load(std::string_view text) const {
    return config::load_component(config::ComponentKind::operator_, text, registry.catalogue());
  }
  Registry registry;
};

/// What the payload of each item comes to.
Texts payloads(const testing::Collection<Item>& seen) {
  Texts all;
  for (const auto& stamped : seen.stamped()) {
    Buffer out;
    stamped.item.write_payload(out);
    all.emplace_back(out.view());
  }
  return all;
}

AsyncGenerator<Item> texts(Texts given, std::chrono::nanoseconds interval = 0ns) {
  for (const std::string& text : given) {
    co_yield Item::json(text);
    co_await sleep_for(interval);
  }
}

TEST(ConfiguredOperators, DescribeThemselvesWithAnExampleThatLoads) {
  const Named named;
  for (const Operator& op : all_operators()) {
    EXPECT_FALSE(op.description.summary.empty()) << op.description.name;
    const auto loaded = named.load(op.description.example);
    EXPECT_TRUE(loaded) << (loaded ? "" : loaded.error().text());
  }
}

TEST(ConfiguredOperators, TakeAndSkipCount) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(
      named.apply(R"({ "take": 2 })", named.apply(R"({ "skip": 1 })", texts({"1", "2", "3", "4"}))));
  EXPECT_EQ(payloads(seen), (Texts{"2", "3"}));
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(named.load(R"({ "take": -1 })"));
  EXPECT_EQ(named.registry.find_operator("take")->positions, Positions::lost);
}

TEST(ConfiguredOperators, ThrottleKeepsTheNewestAndPositions) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(named.apply(R"({ "throttle": "100ms" })", texts({"1", "2", "3"}, 10ms)));
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), (Texts{"1", "3"}));
  EXPECT_EQ(seen.times(), (Times{0ms, 100ms}));
  EXPECT_FALSE(named.load(R"({ "throttle": "0s" })"));
  EXPECT_EQ(named.registry.find_operator("throttle")->positions, Positions::kept);
}

TEST(ConfiguredOperators, SampleGivesTheNewestAtEachTick) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(named.apply(R"({ "sample": "25ms" })", texts({"1", "2", "3", "4"}, 10ms)));
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), (Texts{"3", "4"}));
  EXPECT_EQ(seen.times(), (Times{25ms, 50ms}));
  EXPECT_FALSE(named.load(R"({ "sample": "0s" })"));
}

TEST(ConfiguredOperators, DebounceGivesTheNewestAfterASilence) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(named.apply(R"({ "debounce": "100ms" })", texts({"1", "2", "3"}, 40ms)));
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), (Texts{"3"}));
  EXPECT_EQ(seen.times(), (Times{120ms})) << "the end, 40 ms behind the last, leaves nothing to wait for";
  EXPECT_FALSE(named.load(R"({ "debounce": "0s" })"));
}

TEST(ConfiguredOperators, DelayGivesEachItemLater) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(named.apply(R"({ "delay": "1s" })", texts({"1", "2"}, 10ms)));
  loop.advance(2s);
  EXPECT_EQ(payloads(seen), (Texts{"1", "2"}));
  EXPECT_EQ(seen.times(), (Times{1000ms, 1010ms}));
}

/// Counts how far it is ahead.
AsyncGenerator<Item> counted(std::size_t& given, std::string text) {
  for (;; ++given) co_yield Item::text(text);
}

TEST(ConfiguredOperators, BufferAndDelayHoldSoManyItemsAndBytesAtMost) {
  const Named named;
  const auto held = [&](std::string_view op, std::size_t size) {
    TestLoop loop;
    std::size_t given = 0;
    auto seen = loop.collect(named.apply(op, counted(given, std::string(size, 'x'))), 1);
    loop.run_ready();
    return given;
  };
  EXPECT_EQ(held(R"({ "buffer": 10 })", 10), 9u) << "the tenth stands at its co_yield";
  EXPECT_LE(held(R"({ "buffer": 1000000 })", 100'000), 11u) << "1 MiB";
  EXPECT_LE(held(R"({ "buffer": { "items": 1000, "bytes": "10KB" } })", 1000), 10u);
  EXPECT_LE(held(R"({ "delay": "1h" })", 100'000), 11u);
  EXPECT_FALSE(named.load(R"({ "buffer": 0 })"));
  EXPECT_FALSE(named.load(R"({ "buffer": { "items": 1, "bytes": "${query.bytes}" } })"))
      << "how much memory a client may take is not for the client to say";
}

TEST(ConfiguredOperators, DistinctComparesThePayloadHoweverItIsStored) {
  TestLoop loop;
  const Named named;
  const auto source = []() -> AsyncGenerator<Item> {
    co_yield Item::text("7");
    Item value;
    value.set_value(1, [](const void*, Buffer& out) { out.append("7"); });
    co_yield std::move(value);
    for (const char* id : {"one", "two"}) {
      std::string text = "7";
      Item item = Item::json(text);
      item.set_id(id);
      co_yield std::move(item);
    }
    co_yield Item::json("8");
  };
  auto seen = loop.collect(named.apply(R"({ "distinct": {} })", source()));
  EXPECT_EQ(payloads(seen), (Texts{"7", "7", "8"})) << "text is no JSON; a value and its text are the same";
}

TEST(ConfiguredOperators, DistinctComparesWhatStandsAtAPlace) {
  TestLoop loop;
  const Named named;
  const Texts given{R"({"n":1,"s":"up"})", R"({"n":2,"s":"up"})",  R"({"n":3,"s":"down"})",
                    R"({"n":4})",          R"({"n":5})",           R"({"n":6,"s":"null"})",
                    R"({"n":7,"s":null})", R"({"n":8,"s":"null"})"};
  auto seen = loop.collect(named.apply(R"({ "distinct": "/s" })", texts(given)));
  EXPECT_EQ(payloads(seen), (Texts{given[0], given[2], given[3], given[5], given[6], given[7]}));
  const auto loaded = named.load(R"({ "distinct": "s" })");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().text().find("/s"), std::string::npos) << loaded.error().text();
}

AsyncGenerator<Item> failing_after(Texts given) {
  for (const std::string& text : given) co_yield Item::json(text);
  throw Failure(FailureKind::upstream, "broken");
}

TEST(ConfiguredOperators, OnErrorEndsTheStreamWithAnItemIfOneIsSaid) {
  TestLoop loop;
  const Named named;
  const auto instead = [&](std::string_view op) {
    auto seen = loop.collect(named.apply(op, failing_after({"1"})));
    EXPECT_TRUE(seen.ended());
    EXPECT_FALSE(seen.failure());
    return payloads(seen);
  };
  EXPECT_EQ(instead(R"({ "on_error": "end" })"), (Texts{"1"}));
  EXPECT_EQ(instead(R"({ "on_error": { "item": { "error": "gone" } } })"),
            (Texts{"1", R"({"error":"gone"})"}));
  EXPECT_EQ(instead(R"({ "on_error": { "item": null } })"), (Texts{"1", "null"}));
  EXPECT_FALSE(named.load(R"({ "on_error": "ignore" })"));
}

TEST(ConfiguredOperators, RetryChecksItsPauses) {
  const Named named;
  EXPECT_TRUE(named.load(R"({ "retry": 5 })"));
  EXPECT_TRUE(named.load(R"("retry")"));
  EXPECT_FALSE(named.load(R"({ "retry": 0 })"));
  EXPECT_FALSE(named.load(R"({ "retry": { "jitter": 2 } })"));
  const auto loaded = named.load(R"({ "retry": { "from": "1m", "to": "10s" } })");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().text().find(R"(write "1m" or more)"), std::string::npos) << loaded.error().text();
}

TEST(ConfiguredOperators, BatchMakesArrays) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(named.apply(R"({ "batch": 2 })", texts({R"({"a":1})", "2", "3"})));
  EXPECT_EQ(payloads(seen), (Texts{R"([{"a":1},2])", "[3]"}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST(ConfiguredOperators, BatchGivesWhatCameInTime) {
  TestLoop loop;
  const Named named;
  auto seen =
      loop.collect(named.apply(R"({ "batch": { "within": "25ms" } })", texts({"1", "2", "3", "4"}, 10ms)));
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), (Texts{"[1,2,3]", "[4]"}));
  EXPECT_EQ(seen.times(), (Times{25ms, 40ms}));
}

void write_seven(const void*, Buffer& out) { out.append("7"); }

AsyncGenerator<Item> of_every_kind() {
  co_yield Item::text("say \"hi\"\n");
  co_yield Item::bytes(std::string_view("\0\xff", 2));
  Item value;
  value.set_value(1, &write_seven);
  co_yield std::move(value);
}

TEST(ConfiguredOperators, BatchWritesEveryKindOfItemAsJson) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(named.apply(R"({ "batch": 9 })", of_every_kind()));
  EXPECT_EQ(payloads(seen), (Texts{R"(["say \"hi\"\n","AP8=",7])"}));
}

TEST(ConfiguredOperators, ABatchOfLongItemsIsGivenBeforeItIsTooLong) {
  TestLoop loop;
  const Named named;
  const auto batches = [&](const Texts& given, std::size_t max_item) {
    return payloads(loop.collect(
        named.apply(R"({ "batch": 1000 })", texts(given), OperatorContext{.max_item = max_item})));
  };
  const Texts given{"11111", "2222", "333", "4"};
  EXPECT_EQ(batches(given, 18), (Texts{"[11111,2222,333,4]"}));
  EXPECT_EQ(batches(given, 17), (Texts{"[11111,2222,333]", "[4]"}));
  EXPECT_EQ(batches(given, 15), (Texts{"[11111,2222]", "[333,4]"}));
  EXPECT_EQ(batches(given, 7), (Texts{"[11111]", "[2222]", "[333,4]"}));
  EXPECT_EQ(batches(given, 5), (Texts{"[11111]", "[2222]", "[333]", "[4]"})) << "nothing helps the first two";
  EXPECT_EQ(batches(Texts(5, std::string(std::size_t{300} * 1024, '1')), 1 << 20).size(), 2u);
}

AsyncGenerator<Item> three_and_another_later() {
  for (const char* text : {"11", "22", "33"}) co_yield Item::json(text);
  co_await sleep_for(1s);
  co_yield Item::json("44");
}

TEST(ConfiguredOperators, AnItemThatDidNotFitABatchWaitsNoLongerThanOthers) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(named.apply(R"({ "batch": { "within": "25ms" } })", three_and_another_later(),
                                       OperatorContext{.max_item = 9}));
  loop.advance(2s);
  EXPECT_EQ(payloads(seen), (Texts{"[11,22]", "[33]", "[44]"}));
  EXPECT_EQ(seen.times(), (Times{0ms, 25ms, 1000ms}));
}

TEST(ConfiguredOperators, AnItemThatDidNotFitABatchIsGivenBeforeAFailure) {
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(
      named.apply(R"({ "batch": 9 })", failing_after({"11", "22", "33"}), OperatorContext{.max_item = 9}));
  EXPECT_EQ(payloads(seen), (Texts{"[11,22]", "[33]"}));
  EXPECT_TRUE(seen.failure());
}

AsyncGenerator<Item> with_gap() {
  co_yield Item::json("1");
  co_yield Item::gap(R"({"count":2})");
  co_yield Item::json("1");
  co_yield Item::json("1");
}

TEST(ConfiguredOperators, AGapIsPassedOnBetweenTheItemsThatItStandsBetween) {
  const Named named;
  const auto through = [&](std::string_view op) {
    TestLoop loop;
    auto seen = loop.collect(named.apply(op, with_gap()));
    loop.advance(1s);
    EXPECT_FALSE(seen.failure()) << op;
    return payloads(seen);
  };
  const std::string gap = R"({"count":2})";
  EXPECT_EQ(through(R"({ "batch": 9 })"), (Texts{"[1]", gap, "[1,1]"}));
  EXPECT_EQ(through(R"({ "take": 2 })"), (Texts{"1", gap, "1"})) << "it is no item, and does not count";
  EXPECT_EQ(through(R"({ "skip": 2 })"), (Texts{gap, "1"}));
  EXPECT_EQ(through(R"({ "distinct": {} })"), (Texts{"1", gap, "1"})) << "nor is it compared";
  EXPECT_EQ(through(R"({ "dedupe": {} })"), (Texts{"1", gap})) << "what came before is not forgotten";
  EXPECT_EQ(through(R"({ "sort": { "by": "", "items": 9 } })"), (Texts{"1", gap, "1", "1"}));
  EXPECT_EQ(through(R"({ "window": { "items": 9 } })"), (Texts{R"({"count":1})", gap, R"({"count":2})"}));
  EXPECT_EQ(through(R"({ "rate": "10s" })"), (Texts{gap, R"({"count":3,"rate":3})"}));
  const std::string whole = R"([{"op":"replace","path":"","value":1}])";
  EXPECT_EQ(through(R"({ "diff": {} })"), (Texts{whole, gap, whole}));
  for (const char* op :
       {R"({ "buffer": 2 })", R"({ "delay": "10ms" })", R"("on_error")", R"({ "redact": ["/x"] })"}) {
    EXPECT_EQ(through(op), (Texts{"1", gap, "1", "1"})) << op;
  }
}

TEST(ConfiguredOperators, BatchWithoutABoundIsAMistake) {
  const Named named;
  const auto loaded = named.load(R"({ "batch": {} })");
  ASSERT_FALSE(loaded);
  EXPECT_NE(loaded.error().text().find("within"), std::string::npos) << loaded.error().text();
  EXPECT_FALSE(named.load(R"({ "batch": 0 })"));
  EXPECT_TRUE(named.load(R"({ "batch": "${query.n}" })")) << "what a request brings may come later";
}

}  // namespace
}  // namespace coyield::generators
