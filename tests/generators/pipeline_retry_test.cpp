// A pipeline that starts what stands before `retry` again: from where, and what the client is told.
#include <gtest/gtest.h>

#include <coyield/config/load.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/pipeline.hpp>
#include <coyield/generators/testing/test_loop.hpp>
#include <string>
#include <vector>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using config::ComponentConfig;
using testing::TestLoop;
using Texts = std::vector<std::string>;

constexpr const char* quick = R"({ "retry": { "from": "100ms", "jitter": 0 } })";

/// Yields 1, 2, ... up to 5, and fails behind every second one; `ids` says whether they have ids.
AsyncGenerator<Item> breaking(config::Arguments args, SourceContext context) {
  const bool ids = args.get<bool>("ids");
  int number = context.resume_after.empty() ? 1 : std::stoi(context.resume_after) + 1;
  for (int given = 0; number <= 5; ++number, ++given) {
    if (given == 2) throw Failure(FailureKind::upstream, "the line is broken");
    const std::string text = std::to_string(number);
    Item item = Item::json(text);
    if (ids) item.set_id(text);
    co_yield std::move(item);
  }
}

/// How many lines a log has by now.
int written = 0;

/// Follows the log from its end. Whenever it breaks, two more lines have been written meanwhile: at once, or
/// behind what it found, up to the eighth line. With `ids` false it never learns where it is.
AsyncGenerator<Item> follow_log(config::Arguments args, SourceContext context) {
  int number = context.resume_after.empty() ? written : std::stoi(context.resume_after);
  const std::string begun = std::to_string(number);
  if (context.start && context.start->id.empty() && args.get<bool>("ids")) context.start->id = begun;
  while (number < written) {
    const std::string id = std::to_string(++number);
    const std::string text = R"({"n":)" + id + "}";
    Item item = Item::json(text);
    item.set_id(id);
    co_yield std::move(item);
  }
  if (written >= 8) co_return;
  written += 2;
  throw Failure(FailureKind::upstream, "the line is broken");
}

/// Fails as its parameter says, at once.
AsyncGenerator<Item> failing(config::Arguments args, SourceContext) {
  const bool gone = args.get<std::string>("how") == "gone";
  throw Failure(gone ? FailureKind::not_found : FailureKind::unavailable, "no");
  co_return;
}

/// What the client sends, and a failure at its end.
AsyncGenerator<Item> echo_and_fail(config::Arguments, SourceContext context) {
  while (auto item = co_await context.input.next()) co_yield std::move(*item);
  throw Failure(FailureKind::upstream, "the line is broken");
}

class PipelineRetryTest : public ::testing::Test {
 protected:
  PipelineRetryTest() {
    using config::ComponentKind;
    using config::ParameterType;
    registry.add(Source{.description = {.kind = ComponentKind::source,
                                        .name = "breaking",
                                        .parameters = {{.name = "ids",
                                                        .type = ParameterType::boolean,
                                                        .default_value = true}},
                                        .main = "ids"},
                        .start = &breaking,
                        .resuming = Resuming::exact});
    registry.add(Source{.description = {.kind = ComponentKind::source,
                                        .name = "log",
                                        .parameters = {{.name = "ids",
                                                        .type = ParameterType::boolean,
                                                        .default_value = true}},
                                        .main = "ids"},
                        .start = &follow_log,
                        .resuming = Resuming::exact});
    written = 4;
    registry.add(
        Source{.description = {.kind = ComponentKind::source,
                               .name = "failing",
                               .parameters = {{.name = "how", .type = ParameterType::text, .required = true}},
                               .main = "how"},
               .start = &failing});
    registry.add(Source{.description = {.kind = ComponentKind::source, .name = "echo", .reads_input = true},
                        .start = &echo_and_fail});
    for (Operator& op : all_operators()) registry.add(std::move(op));
  }

  AsyncGenerator<Item> start(std::string_view source, const std::vector<std::string_view>& operators,
                             SourceContext context = {}) const {
    const config::Catalogue catalogue = registry.catalogue();
    const auto load = [&](config::ComponentKind kind, std::string_view text) {
      return config::load_component(kind, text, catalogue).value();
    };
    std::vector<ComponentConfig> stages;
    for (const auto op : operators) stages.push_back(load(config::ComponentKind::operator_, op));
    const Pipeline pipeline(load(config::ComponentKind::source, source), stages, registry);
    return pipeline.start(config::NoRequestValues(), std::move(context)).value();
  }

  /// The payloads; a gap is "gap".
  static Texts texts(const testing::Collection<Item>& seen) {
    Texts all;
    for (const auto& stamped : seen.stamped()) {
      const Item& item = stamped.item;
      all.emplace_back(item.kind() == PayloadKind::gap ? "gap" : std::string(item.payload()));
    }
    return all;
  }

  Registry registry;
};

TEST_F(PipelineRetryTest, GoesOnBehindTheLastItemWhereItsIdSaysWhere) {
  TestLoop loop;
  auto seen = loop.collect(start(R"("breaking")", {quick}));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), (Texts{"1", "2", "3", "4", "5"}));
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_EQ(seen.times().at(2), 100ms);
  EXPECT_EQ(seen.times().at(4), 200ms);
}

TEST_F(PipelineRetryTest, GoesOnWhereItHasBegunAsLongAsNothingHasCome) {
  TestLoop loop;
  auto seen = loop.collect(start(R"("log")", {quick, R"({ "take": 4 })"}));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), (Texts{R"({"n":5})", R"({"n":6})", R"({"n":7})", R"({"n":8})"}));
  EXPECT_TRUE(seen.ended());
}

TEST_F(PipelineRetryTest, GoesOnWhereItHasBegunAsLongAsNothingHasPassedTheOperatorsBeforeIt) {
  TestLoop loop;
  auto seen = loop.collect(start(R"("log")", {R"({ "where": { "/n": 7 } })", quick}));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), (Texts{R"({"n":7})"})) << "which was written while it was away";
  EXPECT_TRUE(seen.ended());
}

TEST_F(PipelineRetryTest, TellsWhereItHasBegunAndNothingLater) {
  TestLoop loop;
  SourceContext context;
  const auto begun = context.start = std::make_shared<StartPosition>();
  auto seen = loop.collect(start(R"("log")", {quick}, std::move(context)));
  EXPECT_EQ(begun->id, "4");
  loop.advance(1s);
  EXPECT_EQ(texts(seen).size(), 4u);
  EXPECT_EQ(begun->id, "4") << "an item that came is somewhere on its way, not with the client";
}

TEST_F(PipelineRetryTest, BeginsAnewWithoutAGapWhereItNeverKnewWhereItBegan) {
  TestLoop loop;
  auto seen = loop.collect(start(R"({ "log": false })", {quick}));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), Texts());
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
}

TEST_F(PipelineRetryTest, StartsWhereTheRequestWantsToGoOn) {
  TestLoop loop;
  SourceContext context;
  context.resume_after = "2";
  auto seen = loop.collect(start(R"("breaking")", {quick}, std::move(context)));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), (Texts{"3", "4", "5"}));
}

TEST_F(PipelineRetryTest, OperatorsBeforeItThatKeepPositionsAreStartedAgainToo) {
  TestLoop loop;
  auto seen = loop.collect(start(R"("breaking")", {R"({ "delay": "10ms" })", quick, R"({ "take": 4 })"}));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), (Texts{"1", "2", "3", "4"})) << "what stands behind it just goes on";
}

TEST_F(PipelineRetryTest, WithoutIdsItBeginsAnewAndSaysSo) {
  TestLoop loop;
  auto seen = loop.collect(start(R"({ "breaking": false })", {quick, R"({ "take": 5 })"}));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), (Texts{"1", "2", "gap", "1", "2", "gap", "1"}));
}

TEST_F(PipelineRetryTest, BehindAnOperatorThatCountsItBeginsAnewAndSaysSo) {
  TestLoop loop;
  auto seen = loop.collect(start(R"("breaking")", {R"({ "skip": 1 })", quick, R"({ "take": 3 })"}));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), (Texts{"2", "gap", "2", "gap", "2"}));
}

TEST_F(PipelineRetryTest, TheSameItemsAgainAreNoProgress) {
  for (const char* op : {R"({ "skip": 1 })", R"({ "take": 3 })", R"({ "batch": 2 })"}) {
    TestLoop loop;
    auto seen = loop.collect(
        start(R"("breaking")",
              {op, R"({ "retry": { "attempts": 3, "from": "100ms", "to": "1s", "jitter": 0 } })"}));
    loop.advance(650ms);
    EXPECT_FALSE(seen.ended()) << op << " 100, 200 and 400 ms";
    loop.advance(50ms);
    EXPECT_TRUE(seen.ended()) << op;
    EXPECT_THROW(seen.rethrow_failure(), Failure) << op;
  }
}

TEST_F(PipelineRetryTest, AnAttemptThatBeganAnewAndLastedWentWell) {
  TestLoop loop;
  auto seen = loop.collect(start(
      R"("breaking")", {R"({ "delay": "500ms" })", R"({ "skip": 1 })",
                        R"({ "retry": { "attempts": 1, "from": "100ms", "to": "200ms", "jitter": 0 } })",
                        R"({ "take": 3 })"}));
  loop.advance(10s);
  EXPECT_EQ(texts(seen), (Texts{"2", "gap", "2", "gap", "2"}));
  EXPECT_FALSE(seen.failure());
}

TEST_F(PipelineRetryTest, NothingIsMissingWhereNothingHadCome) {
  TestLoop loop;
  auto seen = loop.collect(start(R"({ "failing": "now" })", {R"({ "retry": { "attempts": 3 } })"}));
  loop.advance(10s);
  EXPECT_EQ(texts(seen), Texts());
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_F(PipelineRetryTest, WhatWouldFailAgainFailsAtOnce) {
  TestLoop loop;
  auto seen = loop.collect(start(R"({ "failing": "gone" })", {quick}));
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_F(PipelineRetryTest, ASourceThatReadsWhatTheClientSendsIsNotStartedAgain) {
  TestLoop loop;
  SourceContext context;
  const auto sent = []() -> AsyncGenerator<Item> { co_yield Item::text("hello"); };
  context.input = sent();
  auto seen = loop.collect(start(R"("echo")", {quick}, std::move(context)));
  loop.run_ready();
  EXPECT_EQ(texts(seen), (Texts{"hello"}));
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_F(PipelineRetryTest, OneBehindAnotherStartsThatAgainToo) {
  TestLoop loop;
  auto seen =
      loop.collect(start(R"("breaking")", {R"({ "retry": { "attempts": 1, "from": "10ms", "jitter": 0 } })",
                                           R"({ "batch": 1 })", quick}));
  loop.advance(1s);
  EXPECT_EQ(texts(seen), (Texts{"[1]", "[2]", "[3]", "[4]", "[5]"})) << "the inner one is enough";
  EXPECT_FALSE(seen.failure());
}

TEST_F(PipelineRetryTest, TheStreamOutlivesItsPipeline) {
  TestLoop loop;
  auto stream = start(R"("breaking")", {quick});  // whose Pipeline is gone already
  EXPECT_EQ(loop.drain(std::move(stream)).size(), 5u);
}

TEST_F(PipelineRetryTest, DroppedInAPauseIsOver) {
  TestLoop loop;
  auto seen = loop.collect(start(R"("breaking")", {quick}));
  loop.advance(50ms);
  seen.drop();
  loop.advance(10s);
  EXPECT_EQ(texts(seen), (Texts{"1", "2"}));
}

}  // namespace
}  // namespace coyield::generators
