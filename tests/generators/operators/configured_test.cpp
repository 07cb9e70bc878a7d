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
  AsyncGenerator<Item> apply(std::string_view text, AsyncGenerator<Item> upstream) const {
    const auto loaded = load(text);
    if (!loaded) throw std::invalid_argument(loaded.error().text());
    return registry.find_operator(loaded->name())
        ->apply(std::move(upstream), loaded->resolve(config::NoRequestValues()).value());
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
  const std::string long_text(std::size_t{300} * 1024, '1');
  auto seen = loop.collect(named.apply(R"({ "batch": 1000 })", texts(Texts(5, long_text))));
  ASSERT_EQ(seen.size(), 3u);
  for (const std::string& payload : payloads(seen)) EXPECT_LT(payload.size(), std::size_t{1024} * 1024);
}

TEST(ConfiguredOperators, ABatchFailsAtAGapBehindWhatHadComeBefore) {
  const auto with_gap = []() -> AsyncGenerator<Item> {
    co_yield Item::text("a");
    co_yield Item::gap(R"({"count":2})");
    co_yield Item::text("b");
  };
  TestLoop loop;
  const Named named;
  auto seen = loop.collect(named.apply(R"({ "batch": 9 })", with_gap()));
  EXPECT_EQ(payloads(seen), (Texts{R"(["a"])"}));
  EXPECT_THROW(seen.rethrow_failure(), Failure);
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
