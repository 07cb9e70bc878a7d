#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <coyield/generators/failure.hpp>
#include <stdexcept>

#include "configured.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

Texts numbers(int from, int to) {
  Texts all;
  for (int n = from; n <= to; ++n) all.push_back(std::to_string(n));
  return all;
}

class Window : public ::testing::Test {
 protected:
  Texts windows(const char* text, Texts given) { return through(operators, text, std::move(given)); }
  testing::Collection<Item> collect(const char* text,
                                    std::size_t limit = testing::Collection<Item>::no_limit) {
    return loop.collect(operators.apply(text, script.play()), limit);
  }
  /// `{"n":...}`
  Script<Item>& item(int n) { return script.item(json_item(R"({"n":)" + std::to_string(n) + "}")); }

  const ConfiguredOperators operators;
  Script<Item> script;
  TestLoop loop;
};

const std::string gap(gap_text);
constexpr const char* sums_of_two = R"({ "window": { "items": 2, "figures": { "s": { "sum": "" } } } })";
constexpr const char* in_time =
    R"({ "window": { "time": "100ms", "figures": { "n": "count", "s": { "sum": "/n" } } } })";
constexpr const char* sliding_in_time =
    R"({ "window": { "time": "100ms", "every": "40ms", "figures": { "n": "count", "s": { "sum": "/n" } } } })";

TEST_F(Window, OfItemsIsGivenWhenItIsFullAndTheRestAtTheEnd) {
  EXPECT_EQ(windows(sums_of_two, numbers(1, 5)), (Texts{R"({"s":3})", R"({"s":7})", R"({"s":5})"}));
  EXPECT_EQ(windows(sums_of_two, numbers(1, 4)), (Texts{R"({"s":3})", R"({"s":7})"})) << "none is empty";
  EXPECT_EQ(windows(sums_of_two, {}), Texts());
  EXPECT_EQ(windows(R"({ "window": { "items": 2 } })", numbers(1, 3)),
            (Texts{R"({"count":2})", R"({"count":1})"}));
}

TEST_F(Window, OfItemsDoesNotWaitForTheOneBehindIt) {
  item(1);
  item(2).wait_for_ever();
  EXPECT_EQ(collect(R"({ "window": { "items": 2 } })").size(), 1u);
}

TEST_F(Window, OfItemsThatSlidesIsGivenAfterEachStep) {
  const char* sliding =
      R"({ "window": { "items": 3, "every_items": 2, "figures": { "n": "count", "s": { "sum": "" }, "w": { "first": "" } } } })";
  EXPECT_EQ(windows(sliding, numbers(1, 7)), (Texts{R"({"n":2,"s":3,"w":1})", R"({"n":3,"s":9,"w":2})",
                                                    R"({"n":3,"s":15,"w":4})", R"({"n":3,"s":18,"w":5})"}))
      << "the first has fewer, and the last is the one that had begun";
  EXPECT_EQ(windows(sliding, numbers(1, 4)).size(), 2u) << "nothing has come behind the last";
}

TEST_F(Window, OfTimeBeginsWithItsFirstItemAndNoneIsEmpty) {
  script.wait(30ms);
  item(1).wait(60ms);
  item(2).wait(40ms);
  item(3).wait(500ms);
  item(4).wait_for_ever();
  auto seen = collect(in_time);
  loop.advance(10s);
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":2,"s":3})", R"({"n":1,"s":3})", R"({"n":1,"s":4})"}));
  EXPECT_EQ(seen.times(), (Times{130ms, 230ms, 730ms})) << "what comes at the end of one belongs to the next";
}

TEST_F(Window, ThatHasBegunIsGivenAtTheEnd) {
  item(1).wait(60ms);
  item(2).wait(20ms);
  auto seen = collect(in_time);
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":2,"s":3})"}));
  EXPECT_EQ(seen.times(), (Times{80ms}));
  EXPECT_TRUE(seen.ended());
}

TEST_F(Window, OfTimeThatSlidesIsGivenEveryStepAsLongAsItHasItems) {
  script.wait(5ms);
  item(1).wait(30ms);
  item(2).wait(50ms);
  item(3).wait(1000ms);
  item(4).wait_for_ever();
  auto seen = collect(sliding_in_time);
  loop.advance(10s);
  // 1 at 5, 2 at 35, 3 at 85; the steps at 45, 85, 125, 165, and 205, where none is left.
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":2,"s":3})", R"({"n":2,"s":3})", R"({"n":2,"s":5})",
                                   R"({"n":1,"s":3})", R"({"n":1,"s":4})", R"({"n":1,"s":4})"}));
  EXPECT_EQ(seen.times(), (Times{45ms, 85ms, 125ms, 165ms, 1125ms, 1165ms}))
      << "when one comes again, the steps begin anew";
}

TEST_F(Window, ThatSlidesIsGivenAtTheEndIfSomethingHasComeSinceTheLast) {
  item(1).wait(50ms);
  item(2).wait(10ms);
  auto seen = collect(sliding_in_time);
  loop.advance(1s);
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":1,"s":1})", R"({"n":2,"s":3})"}));
  EXPECT_EQ(seen.times(), (Times{40ms, 60ms}));

  Script<Item> silent;
  silent.item(json_item("1")).wait(50ms);
  auto ended = loop.collect(operators.apply(sliding_in_time, silent.play()));
  loop.advance(1s);
  EXPECT_EQ(ended.size(), 1u);
}

TEST_F(Window, OfTimeForAConsumerThatWasBusyIsNotLost) {
  for (int n = 1; n <= 9; ++n) item(n).wait(30ms);
  script.wait_for_ever();
  auto seen = collect(in_time, 1);
  loop.advance(2s);
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":4,"s":10})"}));
  seen.take(9);
  loop.advance(2s);
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":4,"s":10})", R"({"n":4,"s":26})", R"({"n":1,"s":9})"}));
}

TEST_F(Window, ThatSlidesForAConsumerThatWasBusyLetsStepsGoBy) {
  item(1).wait(5ms);
  item(2).wait(500ms);
  item(3).wait_for_ever();
  auto seen = collect(sliding_in_time, 1);
  loop.advance(90ms);
  seen.take(9);
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":2,"s":3})", R"({"n":2,"s":3})"})) << "that at 80 ms, at 90 ms";
  loop.advance(10s);
  // At 120 ms 1 and 2 have left.
  EXPECT_EQ(payloads(seen).size(), 4u);
  EXPECT_EQ(seen.times().at(2), 545ms);
}

TEST_F(Window, EndsAtAGapAndBeginsAnewBehindIt) {
  EXPECT_EQ(windows(sums_of_two, {"1", gap, "2", "3", gap, gap, "4"}),
            (Texts{R"({"s":1})", gap, R"({"s":5})", gap, gap, R"({"s":4})"}));
  const char* sliding =
      R"({ "window": { "items": 3, "every_items": 1, "figures": { "s": { "sum": "" } } } })";
  EXPECT_EQ(windows(sliding, {"1", "2", gap, "3"}), (Texts{R"({"s":1})", R"({"s":3})", gap, R"({"s":3})"}))
      << "what was in it before the gap is not in it any more";
  EXPECT_EQ(windows(R"({ "window": "1m" })", {"1", gap, "2"}),
            (Texts{R"({"count":1})", gap, R"({"count":1})"}));
}

TEST_F(Window, PassesAGapOnAtOnce) {
  item(1);
  script.item(Item::gap(gap_text)).wait_for_ever();
  auto seen = collect(R"({ "window": "1m" })");
  EXPECT_EQ(payloads(seen), (Texts{R"({"count":1})", gap}));
}

TEST_F(Window, GivesWhatHadComeBeforeAFailureFirst) {
  item(1).wait(1ms).fail(std::runtime_error("broken"));
  auto seen = collect(in_time);
  loop.advance(1ms);
  EXPECT_EQ(payloads(seen), (Texts{R"({"n":1,"s":1})"}));
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
}

TEST_F(Window, WithMoreThanItMayHoldFailsTheStream) {
  const auto failure = [&](const char* text, Texts given) -> std::string {
    TestLoop other;
    auto seen = other.collect(operators.apply(text, items_of(std::move(given))));
    EXPECT_EQ(seen.size(), 0u) << "no figures of a part";
    try {
      seen.rethrow_failure();
    } catch (const Failure& failed) {
      EXPECT_EQ(failed.kind(), FailureKind::internal);
      return failed.message();
    }
    return "";
  };
  EXPECT_EQ(failure(R"({ "window": { "time": "1s", "max_items": 3, "figures": { "p": { "p50": "" } } } })",
                    numbers(1, 4)),
            R"(more is in a window than it may hold: 3 items, "max_items")");
  EXPECT_EQ(failure(R"({ "window": { "time": "1s", "every": "1ms", "max_items": 3 } })", numbers(1, 4)),
            R"(more is in a window than it may hold: 3 items, "max_items")");
  EXPECT_EQ(
      failure(
          R"({ "window": { "time": "1s", "every": "1ms", "bytes": "2KB", "figures": { "f": { "first": "" } } } })",
          Texts(4, "\"" + std::string(998, 'x') + "\"")),
      R"(more is in a window than it may hold: 2000 bytes for "first", "bytes")");
  EXPECT_EQ(windows(R"({ "window": { "time": "1s", "max_items": 3 } })", numbers(1, 9)),
            (Texts{R"({"count":9})"}))
      << "of which nothing is kept";
}

TEST_F(Window, ThatIsLongerThanAnItemMayBeFailsTheStream) {
  const std::string text = "\"" + std::string(98, 'x') + "\"";
  auto seen = loop.collect(operators.apply(
      R"({ "window": { "items": 1, "figures": { "a": { "first": "" }, "b": { "last": "" } } } })",
      items_of({text}), OperatorContext{.max_item = 150}));
  EXPECT_EQ(seen.size(), 0u);
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_F(Window, HasNoIdAndNoEventName) {
  Item given = json_item("1");
  given.set_id("17");
  given.set_event("new");
  script.item(given.own());
  auto seen = collect(R"({ "window": { "items": 1 } })");
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen.stamped()[0].item.id(), "");
  EXPECT_EQ(seen.stamped()[0].item.event(), "");
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::json);
}

TEST_F(Window, OfASourceThatIsAlwaysReadyLetsOthersRun) {
  auto endless = []() -> AsyncGenerator<Item> {
    for (;;) co_yield Item::json("1");
  };
  auto seen = loop.collect(operators.apply(R"({ "window": "1s" })", endless()));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
  EXPECT_EQ(seen.size(), 0u);
}

TEST_F(Window, EveryMistakeIsReported) {
  struct Row {
    const char* text;
    Texts mistakes;
  };
  const Row rows[] = {
      {R"("window")",
       {R"(operator.time: is missing, and so is "items"; say how much time or how many items make a window)"}},
      {R"({ "window": { "time": "1s", "items": 5 } })",
       {R"(operator.items: is said, and so is "time"; say one of them: a window has a length in one of them only)"}},
      {R"({ "window": { "time": "1s", "every": "2s", "every_items": 5, "figures": { "a": "sum" } } })",
       {R"(operator.every: "2s" is more than "time", which is "1s": items in between would be in no window; write "1s" or less)",
        R"(operator.every_items: is a number of items, and the window is a time; write "every" with a time)",
        R"(operator.figures.a: "sum" is said of a place in the items; write { "sum": "/name" })"}},
      {R"({ "window": { "items": 5, "every_items": 6, "every": "1s" } })",
       {R"(operator.every_items: 6 is more than "items", which is 5: items in between would be in no window; write 5 or less)",
        R"(operator.every: is a time, and the window is a number of items; write "every_items" with a number)"}},
      {R"({ "window": { "items": 100001, "every_items": 1 } })",
       {R"(operator.items: 100001 is more than "max_items", which is 100000; write 100000 or less, or more for "max_items")"}},
      {R"({ "window": { "items": 100001, "figures": { "p": { "p99": "/a" } } } })",
       {R"(operator.items: 100001 is more than "max_items", which is 100000; write 100000 or less, or more for "max_items")"}},
      {R"({ "window": { "items": 100001 } })", {}},
      {R"({ "window": { "items": 100001, "every_items": 1, "max_items": 200000 } })", {}},
      {R"({ "window": "${query.time}" })", {}},
      {R"({ "window": { "items": "${query.n}", "every_items": "${query.step:-1}" } })", {}},
  };
  for (const Row& row : rows) EXPECT_EQ(operators.mistakes_in(row.text), row.mistakes) << row.text;
  EXPECT_FALSE(operators.load(R"({ "window": { "time": "1s", "max_items": "${query.n}" } })"))
      << "how much memory a client may take is not for the client to say";
}

}  // namespace
}  // namespace coyield::generators
