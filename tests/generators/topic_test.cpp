#include <coyield/generators/topic.hpp>

#include <gtest/gtest.h>

#include <coyield/generators/testing.hpp>
#include <memory>
#include <string>
#include <vector>

#include "feed.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

class TopicTest : public ::testing::Test {
 protected:
  std::shared_ptr<Topic> make(TopicOptions options) {
    options.epoch = "e";
    return Topic::make(loop.loop(), std::move(options));
  }
  std::shared_ptr<Topic> make() { return make({}); }
  auto subscribe(const std::shared_ptr<Topic>& topic, SubscribeOptions from = {},
                 std::size_t limit = testing::Collection<Item>::no_limit) {
    auto seen = loop.collect(topic->subscribe(std::move(from)), limit);
    loop.run_ready();
    return seen;
  }
  Published say(const std::shared_ptr<Topic>& topic, std::string_view text, std::string_view key = {},
                std::string_view client = {}) {
    auto published = topic->publish(Item::text(text), key, client);
    loop.run_ready();
    return published;
  }
  static FailureKind kind_of(const Published& refused) { return refused.failure->kind(); }

  TestLoop loop;
};

/// Has items of its own, and says when it was asked.
struct Many final : Topic::Submitter {
  Many(std::string of, int count) : name(std::move(of)), left(count) {}
  bool submit_one(Topic& topic) override {
    topic.publish(Item::text(name));
    return --left != 0;
  }
  void turn_ended() noexcept override { ++turns; }
  std::string name;
  int left;
  int turns = 0;
};

TEST_F(TopicTest, GivesWhatIsPublishedToAllWhoRead) {
  const auto topic = make();
  auto one = subscribe(topic);
  EXPECT_EQ(say(topic, "a").id, "e-0");
  auto other = subscribe(topic);
  EXPECT_EQ(say(topic, "b").id, "e-1");
  EXPECT_EQ(texts(one), (Texts{"a", "b"}));
  EXPECT_EQ(ids(one), (Texts{"e-0", "e-1"}));
  EXPECT_EQ(texts(other), Texts{"b"});
  EXPECT_FALSE(one.ended());
}

TEST_F(TopicTest, KeepsItsReplayForWhoComesLater) {
  const auto topic = make({.replay = {.items = 2}});
  for (const char* text : {"a", "b", "c"}) say(topic, text);
  EXPECT_EQ(texts(subscribe(topic, {.last = SubscribeOptions::all})), (Texts{"b", "c"}));
  EXPECT_EQ(texts(subscribe(topic, {.resume_after = "e-1"})), Texts{"c"});
  EXPECT_EQ(texts(subscribe(topic, {.resume_after = "e-0"})), (Texts{"b", "c"}));
}

TEST_F(TopicTest, OneWhoIsDisconnectedHoldsUpNobody) {
  TopicOptions options;
  options.queue.items = 10;
  const auto topic = make(options);
  auto stuck = subscribe(topic, {}, 1);
  auto fast = subscribe(topic);
  for (int i = 0; i < 200; ++i) say(topic, std::to_string(i));
  EXPECT_EQ(fast.size(), 200U);
  stuck.take(10);
  EXPECT_THROW(stuck.rethrow_failure(), Failure);
}

TEST_F(TopicTest, WhoeverKeepsUpMissesNothingHoweverManyComeAtOnce) {
  TopicOptions options;
  options.queue.items = 4;
  const auto topic = make(options);
  auto seen = subscribe(topic);
  Many many("x", 1000);
  topic->submit_soon(many);
  loop.run_ready();
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_FALSE(seen.ended());
}

TEST_F(TopicTest, ThoseWhoPublishTakeTurns) {
  const auto topic = make({.replay = {.items = 1000}});
  Many one("1", 100);
  Many other("2", 100);
  topic->submit_soon(one);
  topic->submit_soon(other);
  loop.run_ready();
  const Texts all = texts(subscribe(topic, {.last = SubscribeOptions::all}));
  ASSERT_EQ(all.size(), 200U);
  EXPECT_EQ(std::count(all.begin(), all.begin() + 128, "1"), 64);
  EXPECT_EQ(one.turns, 2);
}

TEST_F(TopicTest, AllWaitForTheSlowestWhereItBlocks) {
  const auto topic = make({.queue = {.items = 3}, .slow = SlowPolicy::block});
  auto slow = subscribe(topic, {}, 1);
  Many many("x", 50);
  topic->submit_soon(many);
  loop.run_ready();
  EXPECT_EQ(many.left, 50 - 4) << "one is with the slow one, three wait for it";
  slow.take(10);
  loop.run_ready();
  EXPECT_EQ(many.left, 50 - 14);
  slow.drop();
  loop.run_ready();
  EXPECT_EQ(many.left, 0);
}

TEST_F(TopicTest, OneWhoGoesWhileItWaitsIsForgotten) {
  const auto topic = make({.queue = {.items = 1}, .slow = SlowPolicy::block});
  auto slow = subscribe(topic, {}, 1);
  {
    Many many("x", 50);
    topic->submit_soon(many);
    loop.run_ready();
    EXPECT_EQ(many.left, 48);
  }
  slow.take(100);
  loop.run_ready();
  EXPECT_EQ(slow.size(), 2U);
}

TEST_F(TopicTest, ARepetitionUnderTheSameKeyIsHarmless) {
  const auto topic = make();
  auto seen = subscribe(topic);
  EXPECT_EQ(say(topic, "a", "key").id, "e-0");
  EXPECT_EQ(say(topic, "a", "key").id, "e-0");
  EXPECT_EQ(say(topic, "a", "another").id, "e-1");
  EXPECT_EQ(texts(seen), (Texts{"a", "a"}));
}

TEST_F(TopicTest, AKeyIsForOneItem) {
  const auto topic = make();
  say(topic, "a", "key");
  const auto refused = say(topic, "b", "key");
  ASSERT_TRUE(refused.failure);
  EXPECT_EQ(kind_of(refused), FailureKind::unprocessable);
  EXPECT_NE(std::string(refused.failure->message()).find("\"key\""), std::string::npos);
}

TEST_F(TopicTest, KeepsToItsRate) {
  const auto topic = make({.rate = Rate{.items = 2, .within = 1s}});
  auto seen = subscribe(topic);
  say(topic, "a");
  say(topic, "b");
  const auto refused = say(topic, "c");
  ASSERT_TRUE(refused.failure);
  EXPECT_EQ(kind_of(refused), FailureKind::too_many);
  EXPECT_EQ(refused.failure->retry_after(), 500ms);
  loop.advance(500ms);
  EXPECT_EQ(say(topic, "d").id, "e-2");
  EXPECT_EQ(texts(seen), (Texts{"a", "b", "d"}));
}

TEST_F(TopicTest, KeepsToTheRateOfEachClient) {
  const auto topic = make({.client_rate = Rate{.items = 1, .within = 1s}});
  EXPECT_FALSE(say(topic, "a", {}, "one").failure);
  EXPECT_FALSE(say(topic, "b", {}, "other").failure);
  EXPECT_EQ(kind_of(say(topic, "c", {}, "one")), FailureKind::too_many);
  EXPECT_FALSE(say(topic, "d").failure) << "who has no name has no rate";
}

TEST_F(TopicTest, ThousandsOfClientsThatComeOnceLeaveNothing) {
  const auto topic = make({.client_rate = Rate{.items = 1, .within = 1ms}});
  for (int i = 0; i < 5000; ++i) {
    EXPECT_FALSE(say(topic, "a", {}, "client" + std::to_string(i)).failure);
    loop.advance(1ms);
  }
  EXPECT_FALSE(say(topic, "a", {}, "client0").failure);
}

TEST_F(TopicTest, ARepetitionDoesNotCountForTheRate) {
  const auto topic = make({.rate = Rate{.items = 1, .within = 1s}});
  say(topic, "a", "key");
  EXPECT_FALSE(say(topic, "a", "key").failure);
}

TEST_F(TopicTest, SaysWhenNobodyReadsOrPublishesAnyMore) {
  const auto topic = make({.replay = {.items = 1}});
  int idle = 0;
  topic->on_idle([&idle] { ++idle; });
  {
    auto seen = subscribe(topic);
    const Topic::Presence presence(topic);
    seen.drop();
    EXPECT_EQ(idle, 0);
  }
  EXPECT_EQ(idle, 1);
  EXPECT_TRUE(topic->idle());
}

TEST_F(TopicTest, IsForgettableWhileThereIsNothingToGet) {
  const auto topic = make();
  say(topic, "a");
  EXPECT_TRUE(topic->forgettable());
  say(topic, "a", "key");
  EXPECT_FALSE(topic->forgettable());
  loop.advance(IdempotencyKeys::memory);
  EXPECT_TRUE(topic->forgettable());
  const auto kept = make({.replay = {.items = 1}});
  EXPECT_TRUE(kept->forgettable());
  say(kept, "a");
  EXPECT_FALSE(kept->forgettable());
}

}  // namespace
}  // namespace coyield::generators
