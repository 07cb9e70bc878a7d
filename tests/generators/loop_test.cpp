#include <gtest/gtest.h>

#include <algorithm>
#include <coyield/generators/testing.hpp>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using testing::TestLoop;

class Call final : public Wakeup {
 public:
  explicit Call(
      std::function<void()> on_woken = [] {}, std::function<void()> on_dropped = [] {})
      : on_woken_(std::move(on_woken)), on_dropped_(std::move(on_dropped)) {}

 private:
  void woken() override { on_woken_(); }
  void dropped() noexcept override { on_dropped_(); }

  std::function<void()> on_woken_;
  std::function<void()> on_dropped_;
};

/// Rounded up to the tick, as timers are.
nanoseconds to_tick(nanoseconds time) { return std::chrono::ceil<std::chrono::milliseconds>(time); }

TEST(Loop, FiresATimerInItsTimeToTheTick) {
  TestLoop loop;
  for (const nanoseconds delay : {nanoseconds(1ns), nanoseconds(1ms), nanoseconds(63ms), nanoseconds(64ms),
                                  nanoseconds(65ms), nanoseconds(4095ms), nanoseconds(4096ms),
                                  nanoseconds(4097ms), nanoseconds(1h), nanoseconds(24h * 100)}) {
    nanoseconds fired{-1};
    Call call([&] { fired = loop.now(); });
    const nanoseconds due = loop.now() + delay;
    loop.loop().at(due, call);
    EXPECT_TRUE(call.scheduled());
    loop.advance(delay + 1ms);
    EXPECT_EQ(fired, to_tick(due));
    EXPECT_FALSE(call.scheduled());
  }
}

TEST(Loop, FiresWhatLiesBeyondTheWheelInItsTime) {
  TestLoop loop;
  const nanoseconds five_years = 24h * 365 * 5;
  nanoseconds fired{-1};
  Call call([&] { fired = loop.now(); });
  loop.loop().at(five_years, call);
  loop.advance(five_years - 1ms);
  EXPECT_EQ(fired, -1ns);
  loop.advance(1ms);
  EXPECT_EQ(fired, five_years);
}

TEST(Loop, FiresWhatIsOverdueWithTheNextStep) {
  TestLoop loop;
  loop.advance(1s);
  int fired = 0;
  Call call([&] { ++fired; });
  loop.loop().at(10ms, call);
  EXPECT_EQ(fired, 0);
  loop.advance(0ns);
  EXPECT_EQ(fired, 1);
}

TEST(Loop, MovesATimerThatIsSetAnew) {
  TestLoop loop;
  std::vector<nanoseconds> fired;
  Call call([&] { fired.push_back(loop.now()); });
  loop.loop().at(10ms, call);
  loop.loop().at(5s, call);
  loop.advance(10s);
  EXPECT_EQ(fired, (std::vector<nanoseconds>{5s}));
}

TEST(Loop, ForgetsATimerThatIsCancelledOrDestroyed) {
  TestLoop loop;
  Call cancelled([] { ADD_FAILURE() << "cancelled"; });
  loop.loop().at(10ms, cancelled);
  {
    Call destroyed([] { ADD_FAILURE() << "destroyed"; });
    loop.loop().at(10ms, destroyed);
  }
  cancelled.cancel();
  EXPECT_FALSE(cancelled.scheduled());
  loop.advance(1s);
}

TEST(Loop, ATimerMayCancelAndDestroyOthersThatAreDueTogether) {
  TestLoop loop;
  auto other = std::make_unique<Call>([] { ADD_FAILURE() << "destroyed"; });
  Call another([] { ADD_FAILURE() << "cancelled"; });
  Call first([&] {
    other.reset();
    another.cancel();
  });
  loop.loop().at(10ms, first);
  loop.loop().at(10ms, *other);
  loop.loop().at(10ms, another);
  loop.advance(1s);
}

/// Starts, moves and cancels timers at random, from outside and from within timers, against an ordered map.
class TimersAgainstModel : public ::testing::TestWithParam<unsigned> {
 protected:
  struct Timer {
    Timer(TimersAgainstModel& owner, std::size_t number) : call([&owner, number] { owner.fired(number); }) {}
    Call call;
    nanoseconds due{-1};  // in the model; below zero: not running
  };

  TimersAgainstModel() {
    for (std::size_t number = 0; number < 300; ++number) {
      timers.push_back(std::make_unique<Timer>(*this, number));
    }
  }

  nanoseconds random_delay() {
    // Every level of the wheel is as likely as any other.
    const auto bits = std::uniform_int_distribution<int>(0, 50)(random);
    return nanoseconds(std::uniform_int_distribution<std::int64_t>(0, std::int64_t{1} << bits)(random));
  }
  void act() {
    Timer& timer = *timers[std::uniform_int_distribution<std::size_t>(0, timers.size() - 1)(random)];
    if (std::uniform_int_distribution<int>(0, 3)(random) == 0) {
      timer.call.cancel();
      timer.due = -1ns;
    } else {
      timer.due = loop.now() + random_delay();
      loop.loop().at(timer.due, timer.call);
    }
  }
  void fired(std::size_t number) {
    Timer& timer = *timers[number];
    ASSERT_GE(timer.due, 0ns) << "it was not running";
    EXPECT_EQ(loop.now(), std::max(to_tick(timer.due), last)) << "late or early, or out of order";
    last = loop.now();
    timer.due = -1ns;
    if (number % 3 == 0) act();
  }

  TestLoop loop;
  std::minstd_rand random{GetParam()};
  std::vector<std::unique_ptr<Timer>> timers;
  nanoseconds last{0};
};

TEST_P(TimersAgainstModel, EachFiresOnceInItsTime) {
  for (int step = 0; step < 2000; ++step) {
    act();
    if (step % 4 == 0) {
      loop.advance(random_delay());
      last = loop.now();
      for (const auto& timer : timers) {
        ASSERT_TRUE(timer->due < 0ns || to_tick(timer->due) > loop.now() || timer->call.scheduled())
            << "lost";
        ASSERT_TRUE(timer->due < 0ns || timer->due > loop.now() - 1ms) << "overdue";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, TimersAgainstModel, ::testing::Range(1u, 9u));

TEST(Loop, RunsWhatIsToRunSoonInOrderBehindWhatRunsNow) {
  TestLoop loop;
  std::vector<int> order;
  Call second([&] { order.push_back(2); });
  Call third([&] { order.push_back(3); });
  Call first([&] {
    order.push_back(1);
    loop.loop().soon(third);
  });
  loop.loop().soon(first);
  loop.loop().soon(second);
  EXPECT_TRUE(order.empty());
  loop.run_ready();
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(Loop, DropsWhatStillWaitsWhenItEnds) {
  int dropped = 0;
  auto count = [&] { ++dropped; };
  auto not_woken = [] { ADD_FAILURE() << "woken"; };
  Call soon(not_woken, count);
  Call parked(not_woken, count);
  Call near(not_woken, count);
  Call far(not_woken, count);
  {
    TestLoop loop;
    loop.loop().soon(soon);
    loop.loop().park(parked);
    loop.loop().after(5ms, near);
    loop.loop().after(1000h, far);
  }
  EXPECT_EQ(dropped, 4);
  EXPECT_FALSE(far.scheduled());
}

TEST(Loop, OnTheRealClockIsNeitherEarlyNorTicksWhenIdle) {
  asio::io_context context(1);
  Loop& loop = Loop::of(context.get_executor());
  nanoseconds fired{0};
  Call call([&] { fired = loop.now(); });
  const nanoseconds start = loop.now();
  loop.after(3ms, call);
  context.run();
  EXPECT_GE(fired - start, 3ms);
  EXPECT_EQ(loop.next_due(), nanoseconds::max());
}

TEST(Loop, OnTheRealClockATimerThatComesToLieFirstIsNotLate) {
  asio::io_context context(1);
  Loop& loop = Loop::of(context.get_executor());
  int fired = 0;
  Call far([&] { ADD_FAILURE() << "an hour has not gone by"; });
  Call near([&] {
    ++fired;
    far.cancel();
  });
  loop.after(1h, far);
  loop.after(2ms, near);
  context.run_for(10s);
  EXPECT_EQ(fired, 1);
}

TEST(Loop, IsOnePerContext) {
  asio::io_context context(1);
  asio::io_context other(1);
  EXPECT_EQ(&Loop::of(context.get_executor()), &Loop::of(context.get_executor()));
  EXPECT_NE(&Loop::of(context.get_executor()), &Loop::of(other.get_executor()));
}

TEST(Sleep, OfNoTimeDoesNotWait) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<int> {
    co_await sleep_for(0ms);
    co_await sleep_for(-5ms);
    co_await sleep_until(0ns);
    co_yield 1;
  };
  Consumer<int> consumer(loop.loop(), source());
  EXPECT_EQ(consumer.poll(), Poll::item);
}

TEST(Sleep, FollowsTheClockOfTheLoop) {
  TestLoop loop;
  auto source = []() -> AsyncGenerator<int> {
    Loop& mine = co_await this_loop();
    co_await sleep_for(250ms);
    co_yield 1;
    co_await sleep_until(mine.now() + 1h);
    co_yield 2;
  };
  auto seen = loop.collect(source());
  loop.advance(2h);
  EXPECT_EQ(seen.times(), (std::vector<nanoseconds>{250ms, 1h + 250ms}));
}

}  // namespace
}  // namespace coyield::generators
