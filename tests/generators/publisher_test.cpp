#include <coyield/generators/publisher.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <coyield/generators/mirror.hpp>
#include <coyield/generators/spawn.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "feed.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

/// Both loops stand on one thread here, and run when they are told to.
class PublisherTest : public ::testing::Test {
 protected:
  void make(TopicOptions options = {}) {
    options.epoch = "e";
    topic = Topic::make(home->loop(), std::move(options));
  }
  std::unique_ptr<Publisher> publisher(PublisherOptions options = {}) {
    return std::make_unique<Publisher>(
        here->loop(), home->loop().executor(), [topic = topic] { return topic; }, news, std::move(options));
  }
  void run() {
    for (int i = 0; i < 50; ++i) {
      if (here) here->run_ready();
      if (home) home->run_ready();
    }
  }
  static void submit(Publisher& publisher, std::string_view text, std::string key = {}) {
    publisher.submit(Item::text(text).own(), std::move(key));
  }
  /// All answers that are there, as ids or messages.
  static Texts answers(Publisher& publisher) {
    Texts all;
    while (auto answer = publisher.next())
      all.push_back(answer->failure ? answer->failure->message() : answer->id);
    return all;
  }

  std::unique_ptr<TestLoop> home = std::make_unique<TestLoop>();
  std::unique_ptr<TestLoop> here = std::make_unique<TestLoop>();
  std::shared_ptr<Topic> topic;
  Event news;
};

TEST_F(PublisherTest, PublishesAndGetsAnAnswerForEachInOrder) {
  make();
  auto seen = home->collect(topic->subscribe());
  const auto here_side = publisher();
  submit(*here_side, "a");
  submit(*here_side, "b");
  EXPECT_EQ(here_side->under_way(), 2U);
  EXPECT_FALSE(here_side->next());
  run();
  EXPECT_TRUE(news.is_set());
  EXPECT_EQ(answers(*here_side), (Texts{"e-0", "e-1"}));
  EXPECT_EQ(here_side->under_way(), 0U);
  EXPECT_EQ(here_side->bytes(), 0U);
  EXPECT_EQ(texts(seen), (Texts{"a", "b"}));
}

TEST_F(PublisherTest, SaysWhenItHasEnough) {
  make();
  const auto here_side = publisher();
  for (int i = 0; i < 255; ++i) submit(*here_side, "a");
  EXPECT_FALSE(here_side->full());
  submit(*here_side, "a");
  EXPECT_TRUE(here_side->full());
  run();
  EXPECT_TRUE(here_side->full()) << "nobody has asked for the answers yet";
  EXPECT_EQ(answers(*here_side).size(), 256U);
  submit(*here_side, std::string(300'000, 'x'));
  EXPECT_TRUE(here_side->full());
}

TEST_F(PublisherTest, WaitsForTheSlowestOnAnyThread) {
  make({.queue = {.items = 3}, .slow = SlowPolicy::block});
  const auto mirror = Mirror::make(here->loop(), home->loop().executor(), [topic = topic] { return topic; },
                                   {.queue = {.items = 3}, .slow = SlowPolicy::block});
  auto slow = here->collect(mirror->subscribe(), 1);
  run();
  const auto here_side = publisher();
  for (int i = 0; i < 50; ++i) submit(*here_side, std::to_string(i));
  run();
  const std::size_t published = answers(*here_side).size();
  EXPECT_LT(published, 10U);
  slow.take(100);
  run();
  EXPECT_EQ(published + answers(*here_side).size(), 50U);
  EXPECT_EQ(slow.size(), 50U);
}

TEST_F(PublisherTest, RefusesOrWaitsWhereItIsOverTheRate) {
  make({.client_rate = Rate{.items = 1, .within = 1s}});
  auto seen = home->collect(topic->subscribe());
  const auto refused = publisher({.client = "one"});
  const auto patient = publisher({.client = "other", .over_rate = OverRate::waits});
  for (const char* text : {"a", "b"}) {
    submit(*refused, text);
    submit(*patient, text);
  }
  run();
  EXPECT_EQ(answers(*refused).size(), 2U);
  EXPECT_EQ(answers(*patient), Texts{"e-1"});
  home->advance(1s);
  run();
  EXPECT_EQ(answers(*patient), Texts{"e-2"});
  EXPECT_EQ(texts(seen), (Texts{"a", "a", "b"}));
}

TEST_F(PublisherTest, WhatCannotBeHadIsTheAnswerToEveryItem) {
  Publisher without(
      here->loop(), home->loop().executor(),
      []() -> std::shared_ptr<Topic> { throw Failure(FailureKind::unavailable, "too many topics"); }, news);
  submit(without, "a");
  run();
  submit(without, "b");
  run();
  EXPECT_EQ(answers(without), (Texts{"too many topics", "too many topics"}));
}

TEST_F(PublisherTest, OneThatGoesWithdrawsWhatIsNotPublished) {
  make({.queue = {.items = 1}, .slow = SlowPolicy::block});
  auto slow = home->collect(topic->subscribe(), 1);
  int idle = 0;
  topic->on_idle([&idle] { ++idle; });
  {
    const auto here_side = publisher();
    for (int i = 0; i < 10; ++i) submit(*here_side, std::to_string(i));
    run();
  }
  run();
  slow.take(100);
  run();
  EXPECT_EQ(texts(slow), (Texts{"0", "1"}));
  slow.drop();
  EXPECT_EQ(idle, 1);
}

TEST_F(PublisherTest, EitherLoopMayGoFirst) {
  make();
  auto one = publisher();
  submit(*one, "a");
  run();
  home.reset();
  submit(*one, "b");
  run();
  EXPECT_EQ(answers(*one), Texts{"e-0"});
  one.reset();

  home = std::make_unique<TestLoop>();
  make();
  one = publisher();
  submit(*one, "a");
  run();
  one.reset();
  here.reset();
  run();
  EXPECT_TRUE(topic->idle());
}

/// One thread publishes as fast as it can, the other reads: nothing is lost, doubled or out of order.
TEST(PublisherOnTwoThreads, NothingIsLostOrDoubled) {
  boost::asio::io_context home;
  boost::asio::io_context here;
  auto topic =
      Topic::make(Loop::of(home.get_executor()), {.queue = {.items = 16}, .slow = SlowPolicy::block});
  constexpr int count = 20'000;
  std::atomic<int> seen = 0;
  spawn(
      home.get_executor(),
      [](AsyncGenerator<Item> stream, std::atomic<int>& into) -> Task<void> {
        while (into < count) {
          auto item = co_await stream.next();
          EXPECT_EQ(text_of(*item), std::to_string(into));
          ++into;
        }
      }(topic->subscribe(), seen),
      boost::asio::detached);
  auto work = boost::asio::make_work_guard(home);
  std::thread thread([&home] { home.run(); });
  auto work_here = boost::asio::make_work_guard(here);
  Event news;
  auto publisher = std::make_unique<Publisher>(
      Loop::of(here.get_executor()), home.get_executor(), [topic] { return topic; }, news);
  int answered = 0;
  spawn(
      here.get_executor(),
      [](Publisher& to, Event& event, int& answers) -> Task<void> {
        int submitted = 0;
        while (answers < count) {
          while (submitted < count && !to.full()) to.submit(Item::text(std::to_string(submitted++)).own());
          while (auto answer = to.next()) {
            EXPECT_FALSE(answer->failure);
            ++answers;
          }
          if (answers < count && (to.full() || submitted == count)) co_await event.wait();
        }
      }(*publisher, news, answered),
      boost::asio::detached);
  while (answered < count && here.run_one() != 0) {
  }
  EXPECT_EQ(answered, count);
  publisher.reset();
  while (seen < count) std::this_thread::yield();
  work.reset();
  home.stop();
  thread.join();
  EXPECT_EQ(seen, count);
}

}  // namespace
}  // namespace coyield::generators
