#include <gtest/gtest.h>

#include <coyield/generators/testing.hpp>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

Task<void> count_waits(Event& event, int& count, int most) {
  while (count < most) {
    co_await event.wait();
    ++count;
  }
}

TEST(Event, ResumesItsWaiterFromTheLoop) {
  Event event;  // outlives what waits for it
  TestLoop loop;
  int waits = 0;
  loop.spawn(count_waits(event, waits, 1));
  loop.run_ready();
  EXPECT_EQ(waits, 0);
  event.set();
  EXPECT_EQ(waits, 0) << "not from within set";
  loop.run_ready();
  EXPECT_EQ(waits, 1);
}

TEST(Event, SetBeforeTheWaitIsNotLost) {
  Event event;  // outlives what waits for it
  TestLoop loop;
  int waits = 0;
  event.set();
  loop.spawn(count_waits(event, waits, 1));
  loop.run_ready();
  EXPECT_EQ(waits, 1);
  EXPECT_FALSE(event.is_set()) << "the wait has consumed it";
}

TEST(Event, SetSeveralTimesIsOnce) {
  Event event;  // outlives what waits for it
  TestLoop loop;
  int waits = 0;
  loop.spawn(count_waits(event, waits, 5));
  loop.run_ready();
  event.set();
  event.set();
  loop.run_ready();
  EXPECT_EQ(waits, 1);
}

TEST(Event, IsSetAfterItsWaiterWasDestroyed) {
  Event event;  // outlives what waits for it
  TestLoop loop;
  auto waiting = [](Event& until) -> AsyncGenerator<int> {
    co_await until.wait();
    co_yield 1;
  };
  auto seen = loop.collect(waiting(event));
  event.set();
  seen.drop();
  loop.run_ready();
  EXPECT_TRUE(event.is_set());
  event.set();
  auto again = loop.collect(waiting(event));
  EXPECT_EQ(again.items(), (std::vector{1}));
}

TEST(Event, ACancelledWaitThrowsAndLeavesTheEventAsItIs) {
  Event event;  // outlives what waits for it
  TestLoop loop;
  auto waiting = [](Event& until) -> AsyncGenerator<int> {
    co_await until.wait();
    co_yield 1;
  };
  auto seen = loop.collect(waiting(event));
  seen.cancel();
  event.set();
  loop.run_ready();
  EXPECT_THROW(seen.rethrow_failure(), boost::system::system_error);
  EXPECT_TRUE(event.is_set());
}

}  // namespace
}  // namespace coyield::generators
