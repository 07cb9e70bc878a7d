#include <coyield/generators/mirror.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "feed.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

/// Both loops stand on one thread here, and run when they are told to: what crosses is ordered as the test
/// likes.
class MirrorTest : public ::testing::Test {
 protected:
  void share(ShareOptions options) {
    options.epoch = "e";
    hub = Hub::make(home.loop(), feed.factory(), options);
    mirror = Mirror::make(here.loop(), home.loop().executor(), [hub = hub] { return hub; },
                          {.replay = options.replay, .queue = options.queue, .slow = options.slow});
  }
  void say(std::initializer_list<int> values) {
    feed.say(values);
    run();
  }
  /// Until nothing crosses any more.
  void run() {
    for (int i = 0; i < 200; ++i) {
      home.run_ready();
      here.run_ready();
    }
  }
  auto collect(SubscribeOptions from = {}, std::size_t limit = testing::Collection<Item>::no_limit) {
    auto seen = here.collect(mirror->subscribe(std::move(from)), limit);
    run();
    return seen;
  }

  TestLoop home;
  TestLoop here;
  Feed feed;
  std::shared_ptr<Hub> hub;
  std::shared_ptr<Mirror> mirror;
};

TEST_F(MirrorTest, GivesTheSameItemsWithTheSameIds) {
  share({.replay = {.items = 10}});
  auto seen = collect();
  say({1, 2});
  auto late = collect({.last = 1});
  say({3});
  EXPECT_EQ(texts(seen), (Texts{"1", "2", "3"}));
  EXPECT_EQ(ids(seen), (Texts{"e-0", "e-1", "e-2"}));
  EXPECT_EQ(ids(late), (Texts{"e-1", "e-2"}));
  EXPECT_EQ(feed.started, 1);
  EXPECT_EQ(hub->subscribers(), 1U);
}

TEST_F(MirrorTest, ASubscriberWaitsForWhatTheHubHad) {
  share({.replay = {.items = 5000}, .start = SharedStart::at_once});
  for (int i = 0; i < 6000; ++i) feed.say({i});
  home.run_ready();
  auto seen = here.collect(mirror->subscribe({.resume_after = "e-5996"}));
  here.run_ready();
  EXPECT_EQ(texts(seen), Texts{}) << "nothing has crossed yet";
  run();
  EXPECT_EQ(ids(seen), (Texts{"e-5997", "e-5998", "e-5999"}));
  EXPECT_EQ(texts(collect({.resume_after = "e-10"})).front(), R"(gap {"count":989,"from":"e-10"})");
}

TEST_F(MirrorTest, TheEndCrossesBehindTheItems) {
  share({});
  auto seen = collect();
  feed.end();
  say({1, 2});
  EXPECT_EQ(texts(seen), (Texts{"1", "2"}));
  EXPECT_TRUE(seen.ended());
}

TEST_F(MirrorTest, AFailureCrossesBehindTheItems) {
  share({});
  auto seen = collect();
  feed.fail("broken");
  say({1});
  EXPECT_EQ(texts(seen), Texts{"1"});
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_F(MirrorTest, WhatHasNoHomeHasFailed) {
  mirror = Mirror::make(
      here.loop(), home.loop().executor(),
      []() -> std::shared_ptr<SharedLog> { throw Failure(FailureKind::unavailable, "gone"); }, {});
  auto seen = collect();
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

TEST_F(MirrorTest, IsASubscriberUntilItIsDestroyed) {
  share({});
  run();
  EXPECT_EQ(hub->subscribers(), 1U) << "somebody is about to come";
  EXPECT_EQ(feed.running(), 1);
  auto seen = collect();
  seen.drop();
  mirror.reset();
  run();
  EXPECT_EQ(hub->subscribers(), 0U);
  EXPECT_EQ(feed.running(), 0);
}

TEST_F(MirrorTest, OneThatGoesBeforeItHasFoundItsHubLeavesNothingBehind) {
  share({});
  mirror.reset();
  run();
  EXPECT_EQ(hub->subscribers(), 0U);
  EXPECT_EQ(feed.started, 0);
}

TEST_F(MirrorTest, TheHubWaitsForTheSlowestHere) {
  share({.queue = {.items = 4}, .slow = SlowPolicy::block});
  auto slow = collect({}, 1);
  for (int i = 0; i < 50; ++i) feed.say({i});
  run();
  EXPECT_LT(hub->log().end(), 12U);
  slow.take(100);
  run();
  EXPECT_EQ(texts(slow).size(), 50U);
  EXPECT_EQ(texts(slow).back(), "49");
}

TEST_F(MirrorTest, AThreadThatTakesNothingIsBehindAsAWhole) {
  share({.queue = {.items = 100}, .slow = SlowPolicy::drop_oldest});
  auto seen = collect();
  auto at_home = home.collect(hub->subscribe());
  home.run_ready();
  for (int i = 0; i < 20000; ++i) {
    feed.say({i});
    home.run_ready();
  }
  EXPECT_EQ(texts(at_home).size(), 20000U) << "nobody there feels it";
  EXPECT_LT(hub->log().end() - hub->log().first(), 300U);
  run();
  Client client;
  for (const auto& each : seen.stamped()) client.take(each.item);
  EXPECT_EQ(client.next, 20000U);
  EXPECT_EQ(client.last_id, "e-19999");
  EXPECT_LT(texts(seen).size(), 10000U);
}

TEST_F(MirrorTest, WhatItMissesIsMissingForThoseWhoKeepTheOldest) {
  share({.queue = {.items = 100}, .slow = SlowPolicy::drop_newest});
  auto seen = collect();
  for (int i = 0; i < 20000; ++i) {
    feed.say({i});
    home.run_ready();
  }
  run();
  Client client;
  for (const auto& each : seen.stamped()) client.take(each.item);
  EXPECT_EQ(client.next, 20000U);
}

TEST_F(MirrorTest, AnotherEpochCrossesToo) {
  share({.replay = {.items = 10}, .restart = Restart::on_failure, .backoff = {.from = 1s, .jitter = 0}});
  auto seen = collect();
  feed.fail("for now");
  say({1});
  feed.recover();
  home.advance(1s);
  say({2});
  EXPECT_EQ(texts(seen), (Texts{"1", R"(gap {"from":"e-0"})", "2"}));
  EXPECT_EQ(ids(seen).back(), hub->epoch() + "-2");
  EXPECT_EQ(mirror->epoch(), hub->epoch());
  EXPECT_EQ(texts(collect({.resume_after = hub->epoch() + "-1"})), Texts{"2"});
}

TEST(Mirror, EitherLoopMayGoFirst) {
  for (const bool home_first : {true, false}) {
    Feed feed;
    auto home = std::make_unique<TestLoop>();
    auto here = std::make_unique<TestLoop>();
    const auto hub = Hub::make(home->loop(), feed.factory(), {});
    auto mirror = Mirror::make(here->loop(), home->loop().executor(), [hub] { return hub; }, {});
    auto seen = here->collect(mirror->subscribe());
    here->run_ready();
    home->run_ready();
    here->run_ready();
    feed.say({1});
    home->run_ready();  // which is on its way when one of them goes
    mirror.reset();
    (home_first ? home : here).reset();
    if (home_first) {
      here->run_ready();
    } else {
      home->run_ready();
      EXPECT_EQ(feed.running(), 0);
    }
  }
}

class MirrorModel : public ::testing::TestWithParam<SlowPolicy> {};

/// Clients here and there come, read a little, leave, come back behind their last id, wherever they like,
/// while items come and both loops run when they like.
TEST_P(MirrorModel, NobodyMissesAnItemUnknowingly) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random(seed);
    TestLoop home;
    TestLoop here;
    Feed feed;
    ShareOptions shared;
    shared.epoch = "e";
    shared.slow = GetParam();
    shared.queue.items = 1 + random() % 20;
    shared.replay.items = random() % 200;
    shared.start = SharedStart::at_once;
    const auto hub = Hub::make(home.loop(), feed.factory(), shared);
    const auto mirror = Mirror::make(here.loop(), home.loop().executor(), [hub] { return hub; },
                                     {.replay = shared.replay, .queue = shared.queue, .slow = shared.slow});
    struct Seat {
      Client client;
      Consumer<Item> consumer;
    };
    std::vector<std::unique_ptr<Seat>> seats;
    const auto sit = [&](Seat& seat, const SubscribeOptions& from) {
      const bool at_home = random() % 2 == 0;
      seat.consumer = Consumer<Item>(at_home ? home.loop() : here.loop(),
                                     at_home ? hub->subscribe(from) : mirror->subscribe(from));
    };
    home.run_ready();
    here.run_ready();
    int said = 0;
    for (int i = 0; i < 8; ++i) {
      sit(*seats.emplace_back(std::make_unique<Seat>()), {});
      seats.back()->consumer.poll();
    }
    for (int round = 0; round < 400; ++round) {
      Seat& seat = *seats[random() % seats.size()];
      switch (random() % 5) {
        case 0:
          for (unsigned count = random() % 40; count > 0; --count) feed.say({said++});
          break;
        case 1:
          home.run_ready();
          break;
        case 2:
          here.run_ready();
          break;
        case 3:
          for (unsigned count = random() % 30; count > 0 && seat.consumer.poll() == Poll::item; --count) {
            seat.client.take(*seat.consumer.item());
            if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << ", round " << round;
          }
          break;
        default:
          // Comes back; at first only behind what it has really got.
          if (seat.client.last_id.empty()) break;
          sit(seat, {.resume_after = seat.client.last_id});
          seat.client.next = std::stoull(seat.client.last_id.substr(2)) + 1;
          break;
      }
    }
    for (const auto& seat : seats) seat->consumer.reset();
  }
}

INSTANTIATE_TEST_SUITE_P(Policies, MirrorModel,
                         ::testing::Values(SlowPolicy::disconnect, SlowPolicy::drop_oldest,
                                           SlowPolicy::drop_newest, SlowPolicy::latest, SlowPolicy::block));

}  // namespace
}  // namespace coyield::generators
