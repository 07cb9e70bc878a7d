#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/operators/rate.hpp>
#include <ostream>
#include <stdexcept>

#include "configured.hpp"

namespace coyield::generators {

static void PrintTo(const MeasuredRate& rate, std::ostream* out) {
  *out << rate.count << " at " << rate.per_second;
}

namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using RateList = std::vector<MeasuredRate>;

TEST(Rate, IsGivenAtEachTickWithWhatHasComeInTheWindow) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 8; ++item) script.item(item).wait(250ms);
  script.wait_for_ever();
  auto seen = loop.collect(rate(script.play(), 2s, 1s));
  loop.advance(4500ms);
  EXPECT_EQ(seen.items(), (RateList{{4, 4.0}, {8, 4.0}, {8, 2.0}, {8, 0.0}}));
  EXPECT_EQ(seen.times(), (Times{1s, 2s, 3s, 4s}));
}

TEST(Rate, IsGivenWhileNothingComesAndOnceMoreAtTheEnd) {
  TestLoop loop;
  Script<int> script;
  script.wait(2500ms);
  auto seen = loop.collect(script.play() | rate(10s, 1s));
  loop.advance(1h);
  EXPECT_EQ(seen.items(), (RateList{{0, 0.0}, {0, 0.0}, {0, 0.0}}));
  EXPECT_EQ(seen.times(), (Times{1s, 2s, 2500ms}));
  EXPECT_TRUE(seen.ended());
}

TEST(Rate, AtTheEndIsThatOfTheTimeThatHasGoneBy) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3}).wait(1500ms);
  auto seen = loop.collect(rate(script.play(), 10s, 1s));
  loop.advance(1h);
  EXPECT_EQ(seen.items(), (RateList{{3, 3.0}, {3, 2.0}}));
}

TEST(Rate, OfAStreamThatIsOverAtOnceIsThatOfAStep) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  EXPECT_EQ(loop.drain(rate(script.play(), 10s, 500ms)), (RateList{{3, 6.0}}));
}

TEST(Rate, TakesAWindowForWholeSteps) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3}).wait_for_ever();
  auto seen = loop.collect(rate(script.play(), 1500ms, 1s));
  loop.advance(3s);
  EXPECT_EQ(seen.items(), (RateList{{3, 3.0}, {3, 1.5}, {3, 0.0}}));
}

TEST(Rate, LetsTicksGoByWhileTheConsumerIsBusy) {
  TestLoop loop;
  Script<int> script;
  for (int item = 0; item < 40; ++item) script.item(item).wait(100ms);
  script.wait_for_ever();
  auto seen = loop.collect(rate(script.play(), 2s, 1s), 1);
  loop.advance(20500ms);
  ASSERT_EQ(seen.items(), (RateList{{10, 10.0}}));
  seen.take(3);
  loop.advance(2s);
  EXPECT_EQ(seen.times(), (Times{1s, 20500ms, 21s, 22s}));
  EXPECT_EQ(seen.items().at(1), (MeasuredRate{10, 0.0}));
}

TEST(Rate, GivesALastFigureBeforeAFailureIfAnythingHasCome) {
  TestLoop loop;
  Script<int> script;
  script.item(1).wait(10ms).fail(std::runtime_error("broken"));
  auto seen = loop.collect(rate(script.play(), 10s, 1s));
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (RateList{{1, 1.0}}));
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
}

TEST(Rate, OfASourceThatFailsAtOnceIsNone) {
  TestLoop loop;
  Script<int> script;
  script.fail(Failure(FailureKind::not_found, "no such thing"));
  auto seen = loop.collect(rate(script.play(), 10s, 1s));
  EXPECT_EQ(seen.size(), 0u) << "the client gets a 404 while nothing has been sent";
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST(Rate, OfASourceThatIsAlwaysReadyLetsOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  auto seen = loop.collect(rate(endless(), 10s, 1s));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

TEST(Rate, RefusesAGapThatItCannotPassOn) {
  TestLoop loop;
  auto seen = loop.collect(rate(items_of({"1", std::string(gap_text)}), 10s, 1s));
  EXPECT_EQ(seen.size(), 1u);
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST(ConfiguredRate, WritesObjects) {
  const ConfiguredOperators operators;
  TestLoop loop;
  auto seen = loop.collect(operators.apply(R"({ "rate": { "window": "4s", "every": "2s" } })",
                                           items_of({"1", "2", "3", "4", "5"}, 1s)));
  loop.advance(1h);
  EXPECT_EQ(payloads(seen),
            (Texts{R"({"count":2,"rate":1})", R"({"count":4,"rate":1})", R"({"count":5,"rate":1})"}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST(ConfiguredRate, PassesAGapOnWhereItStandsAndDoesNotCountIt) {
  const ConfiguredOperators operators;
  const std::string gap(gap_text);
  EXPECT_EQ(through(operators, R"("rate")", {"1", gap, gap, "2"}),
            (Texts{gap, gap, R"({"count":2,"rate":2})"}));
}

TEST(ConfiguredRate, EveryMistakeIsReported) {
  const ConfiguredOperators operators;
  EXPECT_EQ(
      operators.mistakes_in(R"({ "rate": { "window": "1s", "every": "2s" } })"),
      (Texts{
          R"(operator.every: "2s" is more than "window", which is "1s": items in between would be in no rate; write "1s" or less)"}));
  EXPECT_EQ(operators.mistakes_in(R"({ "rate": { "window": "10h", "every": "1s" } })"),
            (Texts{R"(operator.every: "1s" is less than a 10000th of "window"; write "3.6s" or more)"}));
  EXPECT_TRUE(operators.load(R"({ "rate": { "window": "10h", "every": "3.6s" } })"));
  EXPECT_FALSE(operators.load(R"({ "rate": "0s" })"));
  EXPECT_TRUE(operators.load(R"({ "rate": "${query.window}" })"));
}

}  // namespace
}  // namespace coyield::generators
