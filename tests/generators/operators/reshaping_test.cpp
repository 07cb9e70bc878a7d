// What holds for the operators of the configuration that group, drop or rewrite items: the same cases for
// all, on items 1 and 2, which come 10 ms apart.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <coyield/generators/failure.hpp>
#include <memory>
#include <ostream>

#include "configured.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

struct Case {
  const char* name;
  const char* text;
  Texts one;   ///< what comes of 1, and the end
  Texts both;  ///< what comes of both
  Texts none = {};
};
void PrintTo(const Case& tested, std::ostream* out) { *out << tested.name; }

const std::string whole_one = R"([{"op":"replace","path":"","value":1}])";
const std::string whole_two = R"([{"op":"replace","path":"","value":2}])";

std::vector<Case> cases() {
  const Texts one{"1"};
  const Texts both{"1", "2"};
  return {{"dedupe", R"({ "dedupe": { "within": "1h" } })", one, both},
          {"diff", R"({ "diff": {} })", {whole_one}, {whole_one, whole_two}},
          {"rate",
           R"({ "rate": { "window": "100ms", "every": "100ms" } })",
           {R"({"count":1,"rate":10})"},
           {R"({"count":2,"rate":20})"},
           {R"({"count":0,"rate":0})"}},
          {"redact", R"({ "redact": ["/x"] })", one, both},
          {"sort_of_some", R"({ "sort": { "by": "", "items": 5 } })", one, both},
          {"sort_in_time", R"({ "sort": { "by": "", "within": "15ms" } })", one, both},
          {"window_of_items", R"({ "window": { "items": 5 } })", {R"({"count":1})"}, {R"({"count":2})"}},
          {"window_of_items_sliding",
           R"({ "window": { "items": 5, "every_items": 1 } })",
           {R"({"count":1})"},
           {R"({"count":1})", R"({"count":2})"}},
          {"window_of_time", R"({ "window": "1h" })", {R"({"count":1})"}, {R"({"count":2})"}},
          {"window_of_time_sliding",
           R"({ "window": { "time": "1h", "every": "1m" } })",
           {R"({"count":1})"},
           {R"({"count":2})"}}};
}

class ReshapingOperator : public ::testing::TestWithParam<Case> {
 protected:
  AsyncGenerator<Item> play() { return operators.apply(GetParam().text, script.play()); }

  const ConfiguredOperators operators;
  Script<Item> script;
  TestLoop loop;
};

TEST_P(ReshapingOperator, RunsNothingBeforeAnItemIsAskedFor) {
  script.item(json_item("1"));
  {
    auto stream = play();
  }
  EXPECT_FALSE(script.started());
}

TEST_P(ReshapingOperator, OfAnEmptyStreamHasNoItems) {
  auto seen = loop.collect(play());
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(payloads(seen), GetParam().none);
  EXPECT_FALSE(seen.failure());
  EXPECT_TRUE(script.destroyed());
}

TEST_P(ReshapingOperator, EndsWhenTheSourceEnds) {
  script.item(json_item("1")).wait(10ms).item(json_item("2")).wait(10ms);
  auto seen = loop.collect(play());
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), GetParam().both);
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_TRUE(script.destroyed());
}

TEST_P(ReshapingOperator, PassesAFailureBeforeTheFirstItemOnAtOnce) {
  script.fail(Failure(FailureKind::not_found, "no such thing"));
  auto seen = loop.collect(play());
  loop.run_ready();
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_THROW(seen.rethrow_failure(), Failure);
  EXPECT_TRUE(script.destroyed());
}

TEST_P(ReshapingOperator, GivesWhatHadComeBeforeAFailureFirst) {
  script.item(json_item("1")).wait(10ms).fail(Failure(FailureKind::upstream, "broken"));
  auto seen = loop.collect(play());
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), GetParam().one);
  EXPECT_THROW(seen.rethrow_failure(), Failure);
  EXPECT_TRUE(script.destroyed());
}

TEST_P(ReshapingOperator, DestroyedHalfWayDestroysTheSource) {
  for (int n = 0; n < 9; ++n) script.item(json_item("1")).wait(200ms).item(json_item("2"));
  auto seen = loop.collect(play(), 1);
  loop.advance(1h);
  ASSERT_EQ(seen.size(), 1u);
  seen.drop();
  EXPECT_TRUE(script.destroyed());
}

TEST_P(ReshapingOperator, DestroyedWhileItWaitsDestroysTheSourceAtOnce) {
  script.item(json_item("1")).wait_for_ever();
  auto seen = loop.collect(play());
  loop.advance(5ms);
  seen.drop();
  EXPECT_TRUE(script.destroyed());
  EXPECT_EQ(script.cancelled_at(), 1u);
  loop.advance(2h);
}

TEST_P(ReshapingOperator, CancelledWhileItWaitsEndsWithOperationAborted) {
  script.item(json_item("1")).wait_for_ever();
  auto seen = loop.collect(play());
  loop.advance(5ms);
  seen.cancel();
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(script.cancelled_at(), 1u);
  try {
    seen.rethrow_failure();
    FAIL() << "no failure";
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
}

TEST_P(ReshapingOperator, AsksForNothingWhileTheConsumerIsBusy) {
  for (int n = 0; n < 9; ++n) script.item(json_item(std::to_string(n))).wait(200ms);
  auto seen = loop.collect(play(), 1);
  loop.advance(1h);
  ASSERT_EQ(seen.size(), 1u);
  const std::size_t given = script.given();
  loop.advance(1h);
  EXPECT_EQ(script.given(), given);
  seen.take(100);
  loop.advance(2h);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(script.given(), 9u);
}

TEST_P(ReshapingOperator, SurvivesTheLoopThatItWaitsIn) {
  auto other = std::make_unique<TestLoop>();
  script.item(json_item("1")).wait(1h).item(json_item("2"));
  auto seen = other->collect(play());
  other->advance(5ms);
  other.reset();
  EXPECT_TRUE(script.destroyed());
  EXPECT_EQ(script.cancelled_at(), 1u);
}

TEST_P(ReshapingOperator, PassesEveryGapOnBetweenTheItemsThatItStandsBetween) {
  const std::string gap(gap_text);
  script.item(Item::gap(gap_text))
      .item(json_item("1"))
      .item(Item::gap(gap_text))
      .item(Item::gap(gap_text))
      .wait(10ms)
      .item(json_item("2"));
  auto seen = loop.collect(play());
  loop.advance(5ms);
  const std::size_t early = seen.size();
  loop.advance(1h);
  EXPECT_TRUE(seen.ended());
  const Texts all = payloads(seen);
  EXPECT_EQ(std::ranges::count(all, gap), 3);
  EXPECT_EQ(all.front(), gap);
  EXPECT_NE(all.back(), gap);
  EXPECT_GE(early, 3u) << "it waits for nothing";
  for (const auto& stamped : seen.stamped()) {
    Buffer text;
    stamped.item.write_payload(text);
    EXPECT_EQ(stamped.item.kind() == PayloadKind::gap, text.view() == gap_text);
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, ReshapingOperator, ::testing::ValuesIn(cases()),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace coyield::generators
