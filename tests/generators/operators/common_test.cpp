// What holds for every operator: the same cases for all, with a source that comes in peace (items 10 ms
// apart, which every one of the operators here passes on one by one).
#include <gtest/gtest.h>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/operators.hpp>
#include <coyield/generators/testing.hpp>
#include <functional>
#include <numeric>
#include <ostream>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Apply = std::function<AsyncGenerator<int>(AsyncGenerator<int>)>;

struct Case {
  const char* name;
  Apply apply;
};
void PrintTo(const Case& tested, std::ostream* out) { *out << tested.name; }

constexpr auto always = [](int) { return true; };
constexpr auto same = [](int item) { return item; };
constexpr auto only = [](const std::vector<int>& items) { return items.at(0); };

constexpr auto first = [](int item, int) { return item; };
constexpr auto itself = [](int item) -> AsyncGenerator<int> { co_yield item; };
constexpr auto no_failure = [](const std::exception_ptr&) { return false; };
constexpr auto again = [](std::exception_ptr failure) { std::rethrow_exception(std::move(failure)); };

AsyncGenerator<int> nothing() { co_return; }
AsyncGenerator<int> zeros() {
  for (;;) co_yield 0;
}
/// Gives one stream, and that only.
class Once {
 public:
  explicit Once(AsyncGenerator<int> stream) : stream_(std::move(stream)) {}
  AsyncGenerator<int> operator()() { return std::move(stream_); }

 private:
  AsyncGenerator<int> stream_;
};

std::vector<Case> cases() {
  using Stream = AsyncGenerator<int>;
  return {
      {"map", [](Stream from) { return map(std::move(from), same); }},
      {"filter", [](Stream from) { return filter(std::move(from), always); }},
      {"take", [](Stream from) { return take(std::move(from), 1000); }},
      {"take_while", [](Stream from) { return take_while(std::move(from), always); }},
      {"skip", [](Stream from) { return skip(std::move(from), 0); }},
      {"enumerate",
       [](Stream from) {
         return enumerate(std::move(from)) | map([](const Indexed<int>& numbered) { return numbered.item; });
       }},
      {"scan", [](Stream from) { return scan(std::move(from), 0, [](int, int item) { return item; }); }},
      {"fused", [](Stream from) { return std::move(from) | map(same) | filter(always) | take(9) | skip(0); }},
      {"throttle", [](Stream from) { return throttle(std::move(from), 5ms); }},
      {"batch_of_one", [](Stream from) { return batch(std::move(from), 1) | map(only); }},
      {"batch_in_time", [](Stream from) { return batch(std::move(from), 10, 5ms) | map(only); }},
      {"timeout", [](Stream from) { return timeout(std::move(from), 2h); }},
      {"merge", [](Stream from) { return merge(nothing(), std::move(from), nothing()); }},
      {"concat", [](Stream from) { return concat(nothing(), std::move(from), nothing()); }},
      {"tap", [](Stream from) { return tap(std::move(from), [](int) {}); }},
      {"distinct", [](Stream from) { return distinct(std::move(from)); }},
      {"dedupe", [](Stream from) { return dedupe(std::move(from)); }},
      {"sort_of_one", [](Stream from) { return sort(std::move(from), {.max_items = 1}); }},
      {"sort_in_time", [](Stream from) { return sort(std::move(from), {.within = 5ms}); }},
      {"sample", [](Stream from) { return sample(std::move(from), 5ms); }},
      {"debounce", [](Stream from) { return debounce(std::move(from), 5ms); }},
      {"delay", [](Stream from) { return delay(std::move(from), 5ms, 1); }},
      {"buffer", [](Stream from) { return buffer(std::move(from), 1); }},
      {"zip", [](Stream from) { return zip_with(first, std::move(from), zeros()); }},
      {"flat_map", [](Stream from) { return flat_map(std::move(from), itself); }},
      {"flat_map_at_once", [](Stream from) { return flat_map(std::move(from), itself, 2); }},
      {"combine_latest",
       [](Stream from) {
         return combine_latest(std::move(from), zeros() | take(1)) |
                map([](const auto& both) { return std::get<0>(both); });
       }},
      {"on_error", [](Stream from) { return on_error(std::move(from), again); }},
      {"retry", [](Stream from) { return retry(Once(std::move(from)), {.retried = no_failure}); }},
      {"all", [](Stream from) {
         return merge(std::move(from) | map(same) | throttle(5ms) | filter(always) | timeout(2h), nothing()) |
                batch(10, 1ms) | map(only) | take(9);
       }}};
}

class EveryOperator : public ::testing::TestWithParam<Case> {
 protected:
  AsyncGenerator<int> play() { return GetParam().apply(script.play()); }

  // The script first: the loop, and with it what still stands in a frame, goes before it.
  Script<int> script;
  TestLoop loop;
};

TEST_P(EveryOperator, RunsNothingBeforeAnItemIsAskedFor) {
  script.item(1);
  {
    auto stream = play();
  }
  EXPECT_FALSE(script.started());
}

TEST_P(EveryOperator, OfAnEmptyStreamIsEmpty) {
  auto seen = loop.collect(play());
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_FALSE(seen.failure());
  EXPECT_TRUE(script.destroyed());
}

TEST_P(EveryOperator, EndsWhenTheSourceEnds) {
  script.wait(10ms).item(1).wait(10ms).item(2).wait(10ms);
  auto seen = loop.collect(play());
  loop.advance(1h);
  EXPECT_EQ(seen.items(), (std::vector{1, 2}));
  EXPECT_TRUE(seen.ended());
  EXPECT_FALSE(seen.failure());
  EXPECT_TRUE(script.destroyed());
}

TEST_P(EveryOperator, GivesNothingAfterItsEnd) {
  script.item(1);
  Consumer<int> consumer(loop.loop(), play());
  auto pull = [&] {
    while (consumer.poll() == Poll::pending) loop.advance(10ms);
    return static_cast<bool>(consumer.item());
  };
  EXPECT_TRUE(pull());
  EXPECT_FALSE(pull());
  EXPECT_FALSE(pull());
  EXPECT_EQ(consumer.poll(), Poll::done);
}

TEST_P(EveryOperator, DestroyedHalfWayDestroysTheSource) {
  script.item(1).wait(10ms).item(2);
  auto seen = loop.collect(play(), 1);
  loop.advance(20ms);
  ASSERT_EQ(seen.items(), (std::vector{1}));
  seen.drop();
  EXPECT_TRUE(script.destroyed());
  EXPECT_LE(script.given(), 2u) << "at most one item ahead";
}

TEST_P(EveryOperator, PassesAFailureBeforeTheFirstItemOn) {
  script.fail(Failure(FailureKind::not_found, "no such thing"));
  auto seen = loop.collect(play());
  loop.advance(1s);
  EXPECT_TRUE(seen.ended());
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_THROW(seen.rethrow_failure(), Failure);
  EXPECT_TRUE(script.destroyed());
}

TEST_P(EveryOperator, PassesAFailureAfterAnItemOnAndIsAtItsEnd) {
  script.item(1).wait(10ms).fail(Failure(FailureKind::upstream, "broken"));
  Consumer<int> consumer(loop.loop(), play());
  auto wait = [&] {
    while (consumer.poll() == Poll::pending) loop.advance(10ms);
  };
  wait();
  EXPECT_TRUE(consumer.item());
  wait();
  EXPECT_THROW(consumer.item(), Failure);
  EXPECT_EQ(consumer.poll(), Poll::done);
  EXPECT_FALSE(consumer.item());
  EXPECT_TRUE(script.destroyed());
}

TEST_P(EveryOperator, DestroyedWhileItWaitsDestroysTheSourceAtOnce) {
  script.item(1).wait(1h).item(2);
  auto seen = loop.collect(play());
  loop.advance(20ms);
  ASSERT_EQ(seen.items(), (std::vector{1}));
  EXPECT_FALSE(script.destroyed());
  seen.drop();
  EXPECT_TRUE(script.destroyed());
  EXPECT_EQ(script.cancelled_at(), 1u);
  loop.advance(2h);
  EXPECT_EQ(seen.size(), 1u);
}

TEST_P(EveryOperator, CancelledWhileItWaitsEndsWithOperationAborted) {
  script.item(1).wait_for_ever();
  auto seen = loop.collect(play());
  loop.advance(20ms);
  seen.cancel();
  loop.run_ready();
  EXPECT_TRUE(seen.ended());
  EXPECT_TRUE(script.destroyed());
  EXPECT_EQ(script.cancelled_at(), 1u);
  try {
    seen.rethrow_failure();
    FAIL() << "no failure";
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), asio::error::operation_aborted);
  }
}

TEST_P(EveryOperator, DoesNotRunAheadOfASlowConsumer) {
  for (int item = 0; item < 5; ++item) script.item(item).wait(10ms);
  auto seen = loop.collect(play(), 0);
  for (std::size_t taken = 1; taken <= 5; ++taken) {
    seen.take();
    loop.advance(20ms);
    loop.advance(1h);
    ASSERT_EQ(seen.size(), taken);
    EXPECT_LE(script.given(), taken + 1);
  }
  EXPECT_EQ(seen.items(), (std::vector{0, 1, 2, 3, 4}));
}

TEST_P(EveryOperator, SurvivesTheLoopThatItWaitsIn) {
  auto other = std::make_unique<TestLoop>();
  script.item(1).wait(1h).item(2);
  auto seen = other->collect(play());
  other->advance(20ms);
  other.reset();
  EXPECT_TRUE(script.destroyed());
  EXPECT_EQ(script.cancelled_at(), 1u);
  EXPECT_EQ(seen.items(), (std::vector{1}));
}

INSTANTIATE_TEST_SUITE_P(Operators, EveryOperator, ::testing::ValuesIn(cases()),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace coyield::generators
