#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/operators/retry.hpp>
#include <coyield/generators/testing.hpp>
#include <stdexcept>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Times = std::vector<std::chrono::nanoseconds>;

Failure broken() { return {FailureKind::upstream, "broken"}; }

/// Pauses of 100, 200, 400, ... ms.
RetryOptions steady(std::uint64_t attempts = without_end) {
  return {.backoff = {.attempts = attempts, .from = 100ms, .to = 1s, .jitter = 0}};
}

/// Plays one script after the other, and counts.
class Scripts {
 public:
  Script<int>& add() { return scripts_.emplace_back(); }
  AsyncGenerator<int> next() { return scripts_.at(started_++).play(); }
  std::size_t started() const noexcept { return started_; }

 private:
  std::vector<Script<int>> scripts_;
  std::size_t started_ = 0;
};

AsyncGenerator<Item> gap_and_failure() {
  co_yield Item::gap("{}");
  throw broken();
}

TEST(Retry, StartsAnewAfterAFailure) {
  TestLoop loop;
  Scripts scripts;
  scripts.add().item(1).fail(broken());
  scripts.add().item(2).wait(10ms).item(3);
  auto seen = loop.collect(retry([&] { return scripts.next(); }, steady()));
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (std::vector{1, 2, 3}));
  EXPECT_EQ(seen.times(), (Times{0ms, 100ms, 110ms}));
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
}

TEST(Retry, WaitsAtLeastAsLongAsTheFailureAsksFor) {
  TestLoop loop;
  Scripts scripts;
  scripts.add().item(1).fail(broken().retry_after(5s));
  scripts.add().item(2).fail(broken().retry_after(1ms));
  scripts.add().item(3);
  const auto seen = loop.collect(retry([&] { return scripts.next(); }, steady()));
  loop.advance(10s);
  EXPECT_EQ(seen.items(), (std::vector{1, 2, 3}));
  EXPECT_EQ(seen.times(), (Times{0s, 5s, 5s + 100ms}));
}

TEST(Retry, PausesGrowUntilAnItemComes) {
  TestLoop loop;
  Scripts scripts;
  for (int failing = 0; failing < 6; ++failing) scripts.add().fail(broken());
  scripts.add().item(1).fail(broken());
  scripts.add().item(2);
  auto seen = loop.collect(retry([&] { return scripts.next(); }, steady()));
  loop.advance(10s);
  EXPECT_EQ(seen.times(), (Times{3500ms, 3600ms})) << "100+200+400+800+1000+1000, and 100 again";
}

TEST(Retry, GivesUpAfterSoManyAttemptsInARow) {
  TestLoop loop;
  Scripts scripts;
  scripts.add().item(1).fail(broken());
  for (int failing = 0; failing < 5; ++failing) scripts.add().fail(broken());
  auto seen = loop.collect(retry([&] { return scripts.next(); }, steady(3)));
  loop.advance(10s);
  EXPECT_EQ(scripts.started(), 4u);
  EXPECT_EQ(seen.items(), (std::vector{1}));
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST(Retry, AStreamThatDidNotLastIsNoSuccess) {
  TestLoop loop;
  Scripts scripts;
  for (int brief = 0; brief < 5; ++brief) scripts.add().item(brief).wait(10ms).fail(broken());
  RetryOptions options = steady(2);
  options.healthy_after = 1s;
  auto seen = loop.collect(retry([&] { return scripts.next(); }, options));
  loop.advance(10s);
  EXPECT_EQ(seen.items(), (std::vector{0, 1, 2}));
  EXPECT_TRUE(seen.failure());
}

TEST(Retry, AGapIsNoItem) {
  TestLoop loop;
  int started = 0;
  const auto losing = [&]() -> AsyncGenerator<Item> {
    ++started;
    return gap_and_failure();
  };
  auto seen = loop.collect(retry(losing, steady(2)));
  loop.advance(10s);
  EXPECT_EQ(started, 3);
  EXPECT_TRUE(seen.failure());
}

TEST(Retry, TellsTheFactoryWhatFailed) {
  TestLoop loop;
  Scripts scripts;
  scripts.add().fail(broken());
  scripts.add().item(1);
  std::vector<bool> failed;
  auto factory = [&](const std::exception_ptr& failure) {
    failed.push_back(failure != nullptr);
    return scripts.next();
  };
  EXPECT_EQ(loop.drain(retry(factory, steady())), (std::vector{1}));
  EXPECT_EQ(failed, (std::vector{false, true}));
}

TEST(Retry, AFactoryThatThrowsHasFailed) {
  TestLoop loop;
  Scripts scripts;
  scripts.add().item(1);
  int calls = 0;
  auto factory = [&] {
    if (++calls < 3) throw std::runtime_error("not yet");
    return scripts.next();
  };
  EXPECT_EQ(loop.drain(retry(factory, steady())), (std::vector{1}));
  EXPECT_EQ(loop.now(), 300ms);
}

TEST(Retry, PassesOnAtOnceWhatWouldFailAgain) {
  for (const FailureKind kind : {FailureKind::not_found, FailureKind::invalid, FailureKind::forbidden,
                                 FailureKind::conflict, FailureKind::internal}) {
    TestLoop loop;
    Scripts scripts;
    scripts.add().fail(Failure(kind, "no"));
    auto seen = loop.collect(retry([&] { return scripts.next(); }, steady()));
    loop.run_ready();
    EXPECT_TRUE(seen.ended());
    EXPECT_THROW(seen.rethrow_failure(), Failure);
  }
}

TEST(Retry, PassesOnAtOnceWhatIsPermanent) {
  const Failure failure(FailureKind::upstream, "line 3 is not JSON", Again::useless);
  EXPECT_TRUE(failure.permanent());
  EXPECT_FALSE(worth_retrying(std::make_exception_ptr(failure)));
}

TEST(Retry, TriesAgainWhatMayPass) {
  EXPECT_TRUE(worth_retrying(std::make_exception_ptr(Failure(FailureKind::unavailable, ""))));
  EXPECT_TRUE(worth_retrying(std::make_exception_ptr(Failure(FailureKind::upstream, ""))));
  EXPECT_TRUE(worth_retrying(std::make_exception_ptr(std::runtime_error(""))));
  EXPECT_TRUE(worth_retrying(std::make_exception_ptr(1)));
}

TEST(Retry, DroppedInAPauseStartsNothingMore) {
  TestLoop loop;
  Scripts scripts;
  scripts.add().fail(broken());
  scripts.add().item(1);
  auto seen = loop.collect(retry([&] { return scripts.next(); }, steady()));
  loop.advance(50ms);
  seen.drop();
  loop.advance(1s);
  EXPECT_EQ(scripts.started(), 1u);
}

TEST(Retry, DoesNotTakeBeingCancelledForAFailure) {
  TestLoop loop;
  Scripts scripts;
  scripts.add().wait_for_ever();
  auto seen = loop.collect(retry([&] { return scripts.next(); }, steady()));
  loop.run_ready();
  seen.cancel();
  loop.advance(1s);
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), boost::system::system_error);
  EXPECT_EQ(scripts.started(), 1u);
}

TEST(Retry, WithoutAPauseLetsOthersRun) {
  TestLoop loop;
  auto failing = []() -> AsyncGenerator<int> {
    throw broken();
    co_return;
  };
  auto seen = loop.collect(retry(failing, {.backoff = {.from = 0ms, .to = 0ms}}));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

}  // namespace
}  // namespace coyield::generators
