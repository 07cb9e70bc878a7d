#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/operators/on_error.hpp>
#include <coyield/generators/testing.hpp>
#include <stdexcept>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

constexpr auto end = [](const std::exception_ptr&) {};

struct BrokenAfterOne : Script<int> {
  BrokenAfterOne() { item(1).wait(10ms).fail(std::runtime_error("broken")); }
};

TEST(OnError, ReplacesAFailureByAnEnd) {
  TestLoop loop;
  BrokenAfterOne script;
  EXPECT_EQ(loop.drain(on_error(script.play(), end)), (std::vector{1}));
}

TEST(OnError, ReplacesAFailureByAnItem) {
  TestLoop loop;
  BrokenAfterOne script;
  EXPECT_EQ(loop.drain(on_error(script.play(), [](const std::exception_ptr&) { return -1; })),
            (std::vector{1, -1}));
}

TEST(OnError, ReplacesAFailureByAnotherGenerator) {
  TestLoop loop;
  BrokenAfterOne script;
  Script<int> other;
  other.item(7).wait(10ms).item(8);
  auto instead = [&](const std::exception_ptr&) {
    EXPECT_TRUE(script.destroyed());
    return other.play() | map([](int item) { return -item; });
  };
  EXPECT_EQ(loop.drain(script.play() | on_error(instead)), (std::vector{1, -7, -8}));
}

TEST(OnError, AFailureBeforeTheFirstItemIsReplacedToo) {
  TestLoop loop;
  Script<int> script;
  script.fail(Failure(FailureKind::not_found, "no such thing"));
  EXPECT_EQ(loop.drain(on_error(script.play(), end)), std::vector<int>());
}

TEST(OnError, TellsWhatFailedAndPassesOnWhatIsThrownAgain) {
  TestLoop loop;
  Script<int> script;
  script.fail(Failure(FailureKind::not_found, "no such thing"));
  auto only_upstream = [](const std::exception_ptr& why) {
    try {
      std::rethrow_exception(why);
    } catch (const Failure& failure) {
      if (failure.kind() != FailureKind::upstream) throw;
    }
  };
  auto seen = loop.collect(on_error(script.play(), only_upstream));
  loop.run_ready();
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST(OnError, PassesOnWhatTheOtherGeneratorThrows) {
  TestLoop loop;
  BrokenAfterOne script;
  Script<int> other;
  other.item(2).fail(std::logic_error("broken too"));
  auto seen = loop.collect(on_error(script.play(), [&](const std::exception_ptr&) { return other.play(); }));
  loop.advance(10ms);
  EXPECT_EQ(seen.items(), (std::vector{1, 2}));
  EXPECT_THROW(seen.rethrow_failure(), std::logic_error);
}

TEST(OnError, DoesNotTakeBeingCancelledForAFailure) {
  TestLoop loop;
  Script<int> script;
  script.wait_for_ever();
  auto seen = loop.collect(on_error(script.play(), end));
  loop.run_ready();
  seen.cancel();
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), boost::system::system_error);
}

}  // namespace
}  // namespace coyield::generators
