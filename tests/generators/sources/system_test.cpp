#include <gtest/gtest.h>

#include <coyield/generators/testing/test_loop.hpp>
#include <nlohmann/json.hpp>

#include "start_source.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using Times = std::vector<std::chrono::nanoseconds>;
using testing::TestLoop;

TEST(System, YieldsTheFiguresOfThisHost) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("system"), 1);
  loop.advance(1s);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::json);
  const auto item = nlohmann::json::parse(payloads(seen)[0]);
  EXPECT_EQ(item.size(), 8u);
  EXPECT_GE(item["cpu"], 0);
  EXPECT_LE(item["cpu"], 100);
  EXPECT_GT(item["memory_available"], 0);
  EXPECT_GT(item["memory_total"], item["memory_available"]);
  for (const char* name : {"load_1", "load_5", "load_15", "received", "sent"})
    EXPECT_GE(item[name], 0) << name;
}

TEST(System, MeasuresForAMomentThenOncePerInterval) {
  TestLoop loop;
  const auto seen = loop.collect(start_source("system", {{"interval", 1s}}));
  EXPECT_EQ(seen.size(), 0u);
  loop.advance(3s);
  EXPECT_EQ(seen.times(), (Times{100ms, 1100ms, 2100ms}));
  const auto quick = loop.collect(start_source("system", {{"interval", 20ms}}));
  loop.advance(50ms);
  EXPECT_EQ(quick.times(), (Times{3020ms, 3040ms}));
}

TEST(System, ReadsNothingWhileItsItemIsNotTaken) {
  TestLoop loop;
  auto seen = loop.collect(start_source("system"), 1);
  loop.advance(10s);
  seen.take(1);
  loop.advance(1s);
  EXPECT_EQ(seen.times(), (Times{100ms, 11s}));
}

TEST(System, CanBeDroppedAndCancelledWhileItWaits) {
  TestLoop loop;
  auto waiting = loop.collect(start_source("system"));
  waiting.cancel();
  loop.run_ready();
  EXPECT_TRUE(waiting.ended());
  EXPECT_THROW(waiting.rethrow_failure(), boost::system::system_error);
  auto dropped = loop.collect(start_source("system"));
  dropped.drop();
  EXPECT_EQ(loop.loop().next_due(), std::chrono::nanoseconds::max()) << "its timer is still there";
}

}  // namespace
}  // namespace coyield::generators
