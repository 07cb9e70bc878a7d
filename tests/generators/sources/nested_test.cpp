// Sources that are made of others: merge, concat, zip, combine_latest.
#include <gtest/gtest.h>

#include <coyield/config/load.hpp>
#include <coyield/generators/endpoint_reader.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/pipeline.hpp>
#include <coyield/generators/registry.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/testing/test_loop.hpp>

#include "start_source.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using testing::Collection;
using testing::TestLoop;

int running = 0;  // scripts that have begun and are not destroyed

struct Running {
  Running() { ++running; }
  ~Running() { --running; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
};

/// Each step an item of JSON with an id, but for "~", a gap, "!", a failure, and "..." and "?", a second and
/// for ever.
AsyncGenerator<Item> play(config::Arguments arguments, SourceContext) {
  const Running here;
  for (const std::string& step : arguments.get<Texts>("steps")) {
    if (step == "!") throw Failure(FailureKind::upstream, "broken");
    if (step == "...") {
      co_await sleep_for(1s);
    } else if (step == "?") {
      co_await sleep_for(1000h);
    } else if (step == "~") {
      co_yield Item::gap(R"({"count":7,"from":"x"})");
    } else {
      Item item = Item::json(step);
      item.set_id("id");
      co_yield std::move(item);
    }
  }
}

constexpr int turns_of_others = 100;
int turns = 0;

AsyncGenerator<int> take_turns() {
  for (turns = 0; turns < turns_of_others; ++turns) co_await yield_now();
  co_yield turns;
}

/// Always ready, until others have had all of their turns; it waits for ever then.
AsyncGenerator<Item> stay_busy(config::Arguments, SourceContext) {
  for (int i = 0; turns < turns_of_others; ++i) {
    if (i == 10'000'000) throw Failure(FailureKind::internal, "alone");
    co_yield Item::json("1");
  }
  co_await sleep_for(1000h);
}

class Nested : public ::testing::Test {
 protected:
  Nested() {
    for (Source& source : all_sources()) registry_.add(std::move(source));
    for (Operator& op : all_operators()) registry_.add(std::move(op));
    registry_.add(
        Source{{.kind = config::ComponentKind::source,
                .name = "script",
                .parameters = {{.name = "steps", .type = config::ParameterType::list, .required = true}},
                .main = "steps"},
               &play});
    registry_.add(Source{{.kind = config::ComponentKind::source, .name = "busy"}, &stay_busy});
  }
  AsyncGenerator<Item> start(const std::string& text, SourceContext context = {}) const {
    const auto config =
        config::load_component(config::ComponentKind::source, text, registry_.catalogue()).value();
    return Pipeline(config, {}, registry_).start(config::NoRequestValues(), std::move(context)).value();
  }
  /// `{"zip": [{"script": LEFT}, {"script": RIGHT}]}`
  AsyncGenerator<Item> start(const std::string& kind, const std::string& left,
                             const std::string& right) const {
    return start(R"({")" + kind + R"(": [{"script": )" + left + R"(}, {"script": )" + right + "}]}");
  }
  Collection<Item> collect(const std::string& kind, const std::string& left, const std::string& right) {
    auto seen = loop_.collect(start(kind, left, right));
    loop_.advance(10s);
    return seen;
  }

  Registry registry_;
  TestLoop loop_;
};

TEST_F(Nested, MergeGivesWhatComesAsItComes) {
  const auto seen = collect("merge", R"(["1", "...", "2"])", R"(["3", "...", "...", "4"])");
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(payloads(seen), (Texts{"1", "3", "2", "4"}));
  EXPECT_EQ(seen.times(), (std::vector<std::chrono::nanoseconds>{0s, 0s, 1s, 2s}));
}

TEST_F(Nested, ConcatStartsOneWhenTheOneBeforeHasEnded) {
  const auto seen = collect("concat", R"(["1", "..."])", R"(["2", "...", "3"])");
  EXPECT_EQ(payloads(seen), (Texts{"1", "2", "3"}));
  EXPECT_EQ(seen.times(), (std::vector<std::chrono::nanoseconds>{0s, 1s, 2s}));
}

TEST_F(Nested, ZipEndsWithTheFirstThatEnds) {
  const auto seen = collect("zip", R"(["1", "2", "?"])", R"(["3", "...", "4"])");
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(payloads(seen), (Texts{"[1,3]", "[2,4]"}));
}

TEST_F(Nested, CombineLatestBeginsWhenEachHasOne) {
  const auto seen = collect("combine_latest", R"(["1", "2", "...", "...", "3"])", R"(["...", "4"])");
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(payloads(seen), (Texts{"[2,4]", "[3,4]"}));
}

TEST_F(Nested, CombineLatestEndsAsSoonAsOneEndsThatHasGivenNothing) {
  auto seen = loop_.collect(start("combine_latest", R"(["1", "?"])", "[]"));
  loop_.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
}

TEST_F(Nested, CombineLatestOfStreamsThatAreAlwaysReadyLetsOthersRun) {
  auto others = loop_.collect(take_turns());
  auto seen = loop_.collect(start(R"({"combine_latest": [{"busy": {}}, {"script": ["?"]}]})"));
  loop_.run_ready();
  EXPECT_EQ(turns, turns_of_others);
  EXPECT_FALSE(seen.ended()) << "nobody else has had a turn";
}

TEST_F(Nested, NamesMakeObjects) {
  auto seen = loop_.collect(start(
      R"({"zip": {"streams": [{"counter": 2}, {"script": ["\"x\"", "[]"]}], "names": ["n", "a \"b\""]}})"));
  loop_.run_ready();
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":1,"a \"b\"":"x"})", R"({"n":2,"a \"b\"":[]})"}));
}

TEST_F(Nested, OperatorsStandBehindEachStream) {
  auto seen = loop_.collect(start(
      R"({"concat": [{"source": {"counter": 9}, "pipeline": [{"skip": 2}, {"take": 2}]}, {"counter": 1}]})"));
  loop_.run_ready();
  EXPECT_EQ(payloads(seen), (Texts{"3", "4", "1"}));
}

TEST_F(Nested, OnesThatRetryStartTheirSourceAgain) {
  auto seen = loop_.collect(start(
      R"({"merge": [{"source": {"script": ["1", "!"]}, "pipeline": [{"retry": {"attempts": 1}}]}, {"script": ["2"]}]})"));
  loop_.advance(1h);
  EXPECT_TRUE(seen.failure());
  EXPECT_EQ(payloads(seen), (Texts{"1", "2", "{}", "1"}));
}

TEST_F(Nested, TheyStandWithinEachOther) {
  auto seen = loop_.collect(start(R"({"concat": [{"merge": [{"counter": 2}]}, {"zip": [{"counter": 1}]}]})"));
  loop_.run_ready();
  EXPECT_EQ(payloads(seen), (Texts{"1", "2", "[1]"}));
}

class EachKind : public Nested, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Kinds, EachKind, ::testing::Values("merge", "concat", "zip", "combine_latest"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(EachKind, OfEmptyStreamsIsEmpty) {
  const auto seen = collect(GetParam(), "[]", "[]");
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(seen.size(), 0u);
}

TEST_P(EachKind, ItemsHaveNoIdsAndGapsAreSaidWithTheirNumberAlone) {
  const auto seen = collect(GetParam(), R"(["~", "1"])", R"(["2"])");
  EXPECT_FALSE(seen.failure());
  ASSERT_GE(seen.size(), 2u);
  EXPECT_EQ(payloads(seen).front(), R"({"count":7})");
  EXPECT_EQ(seen.stamped().front().item.kind(), PayloadKind::gap);
  for (const auto& each : seen.stamped()) EXPECT_EQ(each.item.id(), "");
}

TEST_P(EachKind, AGapIsNoItemOfAnyCombination) {
  const auto seen = collect(GetParam(), R"(["1", "~", "2"])", R"(["3", "4"])");
  int gaps = 0;
  for (const auto& each : seen.stamped()) gaps += each.item.kind() == PayloadKind::gap ? 1 : 0;
  EXPECT_EQ(gaps, 1);
  if (GetParam() == std::string("zip")) {
    EXPECT_EQ(payloads(seen), (Texts{"[1,3]", R"({"count":7})", "[2,4]"}));
  }
}

TEST_P(EachKind, AFailureIsItsOwnAndLetsTheOthersGo) {
  const auto seen = collect(GetParam(), R"(["1", "!"])", R"(["2", "3", "?"])");
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), Failure);
  EXPECT_EQ(running, 0);
}

TEST_P(EachKind, AFailureInFrontOfTheFirstItemToo) {
  const auto seen = collect(GetParam(), R"(["!"])", R"(["2", "?"])");
  EXPECT_THROW(seen.rethrow_failure(), Failure);
  EXPECT_EQ(running, 0);
}

TEST_P(EachKind, NothingRunsBeforeItIsPulled) {
  {
    const auto never = start(GetParam(), R"(["1"])", R"(["2"])");
  }
  EXPECT_EQ(running, 0);
}

TEST_P(EachKind, DroppedHalfWayAllAreDestroyed) {
  {
    auto seen = loop_.collect(start(GetParam(), R"(["1", "2", "?"])", R"(["3", "...", "4", "?"])"), 1);
    loop_.run_ready();
    EXPECT_GT(running, 0);
  }
  EXPECT_EQ(running, 0);
}

TEST_P(EachKind, CancelledWhileItWaitsItEnds) {
  auto seen = loop_.collect(start(GetParam(), R"(["?"])", R"(["?"])"));
  loop_.advance(1s);
  seen.cancel();
  loop_.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_TRUE(seen.failure());
  EXPECT_EQ(running, 0);
}

TEST_P(EachKind, ASlowConsumerMissesNothing) {
  auto seen = loop_.collect(start(GetParam(), R"(["1", "2", "3"])", R"(["4", "5", "6"])"), 1);
  for (int i = 0; i < 12 && !seen.ended(); ++i) {
    loop_.advance(1s);
    seen.take();
  }
  EXPECT_TRUE(seen.ended());
  const std::map<std::string, std::size_t> counts = {
      {"merge", 6}, {"concat", 6}, {"zip", 3}, {"combine_latest", 5}};
  EXPECT_EQ(seen.size(), counts.at(GetParam()));
}

TEST_P(EachKind, TheLoopMayGoFirst) {
  auto loop = std::make_unique<TestLoop>();
  auto seen = loop->collect(start(GetParam(), R"(["1", "?"])", R"(["2", "?"])"));
  loop->run_ready();
  loop.reset();
  EXPECT_EQ(running, 0);
}

TEST_F(Nested, AnItemOfSeveralIsNoLongerThanOneMayBe) {
  auto seen = loop_.collect(
      start(R"({"zip": [{"script": ["\"0123456789\""]}, {"script": ["1"]}]})", {.max_item = 12}));
  loop_.run_ready();
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

// ---- endpoint

class Endpoints final : public EndpointReader {
 public:
  AsyncGenerator<Item> read(std::string target) override {
    Item item = Item::text(target);
    item.set_id("5");
    co_yield std::move(item);
  }
};

TEST_F(Nested, AnEndpointIsReadByItsPath) {
  Endpoints endpoints;
  const auto seen = loop_.collect(start(R"({"endpoint": "/a?b=c"})", {.endpoints = &endpoints}));
  EXPECT_EQ(payloads(seen), Texts{"/a?b=c"});
  EXPECT_EQ(seen.stamped()[0].item.id(), "");
}

TEST_F(Nested, WithinOtherSourcesToo) {
  Endpoints endpoints;
  const auto seen = loop_.collect(
      start(R"({"merge": [{"endpoint": "/a"}, {"endpoint": "/b"}]})", {.endpoints = &endpoints}));
  EXPECT_EQ(payloads(seen), (Texts{"/a", "/b"}));
}

TEST_F(Nested, WhereThereAreNoneItFails) {
  EXPECT_THROW(static_cast<void>(start(R"({"merge": [{"endpoint": "/a"}]})")), Failure);
}

}  // namespace
}  // namespace coyield::generators
