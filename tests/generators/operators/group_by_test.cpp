#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>

#include "configured.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

const ConfiguredOperators operators;

std::string with(const std::string& pipeline, const std::string& more = "") {
  return R"({"group_by": {"key": "/k", "pipeline": [)" + pipeline + "]" + more + "}}";
}

TEST(GroupBy, EachKeyHasItsOwnOperators) {
  EXPECT_EQ(through(operators, with(R"({"take": 1})"),
                    {R"({"k":1,"n":1})", R"({"k":2,"n":2})", R"({"k":1,"n":3})", R"({"k":"1","n":4})"}),
            (Texts{R"({"k":1,"n":1})", R"({"k":2,"n":2})", R"({"k":"1","n":4})"}));
}

TEST(GroupBy, WhatGroupsHoldComesAtTheEnd) {
  auto all = through(operators, with(R"({"batch": 10})"),
                     {R"({"k":"a","n":1})", R"({"k":"b","n":2})", R"({"k":"a","n":3})"});
  EXPECT_EQ(all, (Texts{R"([{"k":"b","n":2}])", R"([{"k":"a","n":1},{"k":"a","n":3}])"}));
}

TEST(GroupBy, TheKeyIsPutWhereItIsWanted) {
  EXPECT_EQ(through(operators, with(R"({"select": ["/n"]})", R"(, "as": "/who")"),
                    {R"({"k":"a\n","n":1})", R"({"n":2})", R"({"k":{"x":[1]},"n":3})"}),
            (Texts{R"({"n":1,"who":"a\n"})", R"({"n":2})", R"({"n":3,"who":{"x":[1]}})"}));
}

TEST(GroupBy, ItemsWithoutTheKeyAreAGroup) {
  EXPECT_EQ(through(operators, with(R"({"take": 1})"), {"1", R"({"k":null})", "[2]", R"({"k":null})"}),
            (Texts{"1", R"({"k":null})"}));
}

TEST(GroupBy, AGapIsPassedOnAndIsNobodys) {
  EXPECT_EQ(through(operators, with(R"({"batch": 2})"), {R"({"k":1})", std::string(gap_text), R"({"k":1})"}),
            (Texts{std::string(gap_text), R"([{"k":1},{"k":1}])"}));
}

TEST(GroupBy, WithoutRoomTheOneEndsThatHadNoItemForLongest) {
  EXPECT_EQ(through(operators, with(R"({"batch": 10})", R"(, "keys": 2)"),
                    {R"({"k":1})", R"({"k":2})", R"({"k":1})", R"({"k":3})", R"({"k":2})"}),
            (Texts{R"([{"k":2}])", R"([{"k":1},{"k":1}])", R"([{"k":3}])", R"([{"k":2}])"}));
}

TEST(GroupBy, SoItDoesWhereTheKeysTakeTooMuch) {
  EXPECT_EQ(through(operators, with(R"({"batch": 10})", R"(, "bytes": "8B")"),
                    {R"({"k":"1234"})", R"({"k":"5678"})", R"({"k":"5678"})"}),
            (Texts{R"([{"k":"1234"}])", R"([{"k":"5678"},{"k":"5678"}])"}));
}

TEST(GroupBy, AnIdleOneEnds) {
  TestLoop loop;
  auto seen = loop.collect(operators.apply(with(R"({"batch": 10})", R"(, "idle": "10s")"),
                                           items_of({R"({"k":1})", R"({"k":2})", R"({"k":2})"}, 6s)));
  loop.advance(1h);
  EXPECT_EQ(payloads(seen), (Texts{R"([{"k":1}])", R"([{"k":2},{"k":2}])"}));
  EXPECT_EQ(seen.times(), (Times{10s, 18s}));  // at its time; and at the end
}

TEST(GroupBy, ManyKeysBesideEachOther) {
  Texts given;
  for (int i = 0; i < 10'000; ++i) given.push_back(R"({"k":)" + std::to_string(i % 500) + "}");
  EXPECT_EQ(through(operators, with(R"({"skip": 19})"), given).size(), 500u);
  EXPECT_EQ(through(operators, with(R"({"skip": 19})", R"(, "keys": 100)"), given).size(), 0u);
}

TEST(GroupBy, OneKeyThatIsAlwaysReadyDoesNotGrow) {
  Texts given(1000, R"({"k":1})");
  EXPECT_EQ(through(operators, with(R"({"where": {"/k": 1}})"), given).size(), 1000u);
  EXPECT_EQ(through(operators, with(R"({"where": {"/k": 2}})"), given).size(), 0u);
}

TEST(GroupBy, AGroupWithTimeOfItsOwnHoldsUpNobodyElse) {
  TestLoop loop;
  Texts given;
  for (int i = 0; i < 6; ++i) given.push_back(R"({"k":)" + std::to_string(i % 2) + "}");
  auto seen = loop.collect(operators.apply(with(R"({"throttle": "1m"})"), items_of(given, 1s)));
  loop.advance(1h);
  EXPECT_EQ(seen.times(), (Times{0s, 1s, 60s, 61s}));
}

TEST(GroupBy, OnesThatWaitBoundWhatIsTakenIn) {
  TestLoop loop;
  int taken = 0;
  const auto endless = [](int& count) -> AsyncGenerator<Item> {
    for (;;) {
      ++count;
      co_yield Item::json(R"({"k":1})");
    }
  };
  auto seen = loop.collect(operators.apply(with(R"({"delay": "1h"})"), endless(taken)));
  loop.run_ready();
  EXPECT_GT(taken, 0);
  const int first = taken;
  loop.advance(1s);
  EXPECT_EQ(taken, first);
}

AsyncGenerator<Item> failing(Texts given) {
  for (const std::string& text : given) co_yield Item::json(text);
  throw Failure(FailureKind::upstream, "broken");
}

TEST(GroupBy, AFailureComesBehindWhatTheGroupsHold) {
  TestLoop loop;
  auto seen = loop.collect(operators.apply(with(R"({"batch": 10})"), failing({R"({"k":1})"})));
  loop.run_ready();
  EXPECT_EQ(payloads(seen), Texts{R"([{"k":1}])"});
  EXPECT_THROW(seen.rethrow_failure(), Failure);
  auto none = loop.collect(operators.apply(with(R"({"batch": 10})"), failing({})));
  loop.run_ready();
  EXPECT_THROW(none.rethrow_failure(), Failure);
}

TEST(GroupBy, AFailureWithinAGroupIsTheStreams) {
  TestLoop loop;
  auto seen = loop.collect(operators.apply(with(R"({"where": {"/k": 1}})"), items_of({R"({"k":1})", "{"})));
  loop.run_ready();
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST(GroupBy, DroppedOrCancelledItLetsGo) {
  TestLoop loop;
  {
    auto seen =
        loop.collect(operators.apply(with(R"({"delay": "1h"})"), items_of(Texts(9, R"({"k":1})"), 1s)), 1);
    loop.advance(3s);
  }
  auto seen = loop.collect(operators.apply(with(R"({"delay": "1h"})"), items_of(Texts(9, R"({"k":1})"), 1s)));
  loop.advance(3s);
  seen.cancel();
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  auto gone = std::make_unique<TestLoop>();
  auto last =
      gone->collect(operators.apply(with(R"({"delay": "1h"})"), items_of(Texts(9, R"({"k":1})"), 1s)));
  gone->advance(3s);
  gone.reset();
}

TEST(GroupBy, ASlowConsumerMissesNothing) {
  TestLoop loop;
  Texts given;
  for (int i = 0; i < 200; ++i) given.push_back(R"({"k":)" + std::to_string(i % 3) + "}");
  auto seen =
      loop.collect(operators.apply(with(R"({"where": {"/k": {"exists": true}}})"), items_of(given)), 1);
  while (!seen.ended()) {
    loop.run_ready();
    seen.take();
  }
  EXPECT_EQ(seen.size(), 200u);
}

TEST(GroupBy, OfAnEmptyStreamIsEmpty) { EXPECT_EQ(through(operators, with(R"({"take": 1})"), {}), Texts{}); }

TEST(GroupBy, Mistakes) {
  EXPECT_EQ(operators.mistakes_in(R"({"group_by": {"key": "k", "pipeline": [{"take": 1}]}})"),
            Texts{R"(operator.key: "k" is no JSON Pointer; write "/k")"});
  EXPECT_EQ(
      operators.mistakes_in(with(R"({"take": 1}, {"retry": {}})")),
      Texts{
          R"(operator.pipeline[1]: "retry" starts its source again, which a group does not have; put it in front of "group_by")"});
  EXPECT_EQ(operators.mistakes_in(with(R"({"take": 1})", R"(, "as": "")")),
            Texts{R"(operator.as: the whole item cannot be the key; write the place of a member, "/key")"});
  EXPECT_EQ(
      operators.mistakes_in(R"({"group_by": {"key": "/k"}})"),
      Texts{
          R"(operator.pipeline: missing, and required; write "pipeline": [{ "take": 5 }] (What the items of each group pass through, each time from the beginning.))"});
}

TEST(GroupBy, StreamsCannotBeResumedBehindIt) { EXPECT_EQ(operators.positions("group_by"), Positions::lost); }

}  // namespace
}  // namespace coyield::generators
