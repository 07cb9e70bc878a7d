#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/testing/test_loop.hpp>
#include <cstdint>

#include "start_source.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;
using Times = std::vector<std::chrono::nanoseconds>;
using testing::TestLoop;

TEST(Counter, YieldsPlainNumbersAndEnds) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("counter", {{"to", 3}}));
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(payloads(seen), (Texts{"1", "2", "3"}));
  for (const auto& stamped : seen.stamped()) EXPECT_EQ(stamped.item.kind(), PayloadKind::json);
}

TEST(Counter, YieldsNothingWhereItStartsBeyondItsEnd) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("counter", {{"from", 5}, {"to", 4}}));
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
}

TEST(Counter, CountsDownAndInSteps) {
  TestLoop loop;
  EXPECT_EQ(payloads(loop.collect(start_source("counter", {{"from", 2}, {"to", -3}, {"step", -2}}))),
            (Texts{"2", "0", "-2"}));
  EXPECT_EQ(payloads(loop.collect(start_source("counter", {{"from", 0}, {"to", 10}, {"step", 4}}))),
            (Texts{"0", "4", "8"}));
}

TEST(Counter, TheFirstComesAtOnceAndEachOtherAfterThePause) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("counter", {{"to", 3}, {"interval", 500ms}}));
  EXPECT_EQ(seen.size(), 1u);
  loop.advance(499ms);
  EXPECT_EQ(seen.size(), 1u);
  loop.advance(10s);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.times(), (Times{0ms, 500ms, 1000ms}));
}

TEST(Counter, ThePauseBeginsWhenANumberHasBeenTaken) {
  TestLoop loop;
  auto seen = loop.collect(start_source("counter", {{"interval", 500ms}}), 1);
  loop.advance(10s);  // the consumer is slow
  seen.take(1);
  EXPECT_EQ(seen.size(), 1u);
  loop.advance(500ms);
  EXPECT_EQ(seen.times(), (Times{0s, 10s + 500ms}));
}

TEST(Counter, EndsAtTheLastNumberOf64Bits) {
  TestLoop loop;
  const auto up = loop.collect(start_source("counter", {{"from", INT64_MAX - 1}, {"to", INT64_MAX}}));
  EXPECT_TRUE(up.ended());
  EXPECT_FALSE(up.failure());
  EXPECT_EQ(payloads(up), (Texts{"9223372036854775806", "9223372036854775807"}));
  const auto down =
      loop.collect(start_source("counter", {{"from", INT64_MIN + 1}, {"to", INT64_MIN}, {"step", -5}}));
  EXPECT_FALSE(down.failure());
  EXPECT_EQ(payloads(down), (Texts{"-9223372036854775807"}));
}

TEST(Counter, FailsWhereAnEndlessOneRunsOutOfNumbers) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("counter", {{"from", INT64_MAX}}));
  EXPECT_EQ(payloads(seen), (Texts{"9223372036854775807"}));
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST(Counter, CanBeDroppedBetweenItemsAndCancelledWhileItWaits) {
  TestLoop loop;
  auto dropped = loop.collect(start_source("counter"), 2);
  dropped.drop();
  EXPECT_EQ(dropped.size(), 2u);
  auto waiting = loop.collect(start_source("counter", {{"interval", 1h}}));
  waiting.cancel();
  loop.run_ready();
  EXPECT_TRUE(waiting.ended());
  EXPECT_THROW(waiting.rethrow_failure(), boost::system::system_error);
  auto dropped_waiting = loop.collect(start_source("counter", {{"interval", 1h}}));
  dropped_waiting.drop();
  loop.run_ready();
  EXPECT_EQ(loop.loop().next_due(), std::chrono::nanoseconds::max()) << "its timer is still there";
}

TEST(Counter, RefusesToStandStill) {
  const auto refused = arguments_of(source_named("counter"), {{"step", 0}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().parameter, "step");
}

}  // namespace
}  // namespace coyield::generators
