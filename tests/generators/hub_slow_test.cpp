#include <coyield/generators/hub.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "feed.hpp"
#include "hub_fixture.hpp"

namespace coyield::generators {
namespace {

using testing::TestLoop;

TEST_F(HubTest, OneThatDoesNotTakeItsItemsHoldsUpNobody) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), slow(SlowPolicy::disconnect, 10));
  auto stuck = subscribe(hub, {}, 1);
  auto fast = subscribe(hub);
  say_many(0, 500);
  EXPECT_EQ(fast.size(), 500U);
  EXPECT_EQ(texts(stuck), Texts{"0"});
  EXPECT_LT(hub->log().end() - hub->log().first(), 200U) << "and it costs no more than the queue";
  stuck.take(1000);
  EXPECT_EQ(texts(stuck), Texts{"0"});
  EXPECT_THROW(stuck.rethrow_failure(), Failure);
}

TEST_F(HubTest, TheItemThatASlowOneHoldsStaysValid) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), slow(SlowPolicy::drop_oldest, 1));
  Consumer<Item> stuck(loop.loop(), hub->subscribe());
  EXPECT_EQ(stuck.poll(), Poll::pending);
  say({123456});
  EXPECT_EQ(stuck.poll(), Poll::item);
  auto other = subscribe(hub);
  say_many(0, 500);
  EXPECT_EQ(text_of(*stuck.item()), "123456");
}

TEST_F(HubTest, DropsTheOldest) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), slow(SlowPolicy::drop_oldest, 10));
  auto stuck = subscribe(hub, {}, 1);
  say_many(0, 500);
  stuck.take(1000);
  ASSERT_GT(stuck.size(), 11U);
  const auto first = hub->log().first();
  EXPECT_EQ(texts(stuck)[1], "gap {\"count\":" + std::to_string(first - 1) + R"(,"from":"e-0"})");
  EXPECT_EQ(texts(stuck)[2], std::to_string(first));
  EXPECT_EQ(texts(stuck).back(), "499");
}

TEST_F(HubTest, DropsTheNewest) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), slow(SlowPolicy::drop_newest, 3));
  auto stuck = subscribe(hub, {}, 1);
  say_many(0, 500);
  stuck.take(1000);
  EXPECT_EQ(texts(stuck), (Texts{"0", "1", "2", "3", R"(gap {"count":496,"from":"e-3"})"}));
  say({500});
  EXPECT_EQ(texts(stuck).back(), "500");
  EXPECT_EQ(ids(stuck).back(), "e-500");
}

TEST_F(HubTest, DropsTheNewestHoweverFarTheReplayReaches) {
  ShareOptions shared = slow(SlowPolicy::drop_newest, 3);
  shared.replay = {.bytes = 1'000'000};
  const auto hub = Hub::make(loop.loop(), feed.factory(), shared);
  auto stuck = subscribe(hub, {}, 1);
  say_many(0, 500);
  stuck.take(1000);
  EXPECT_EQ(texts(stuck), (Texts{"0", "1", "2", "3", R"(gap {"count":496,"from":"e-3"})"}));
}

TEST_F(HubTest, DropsTheNewestBeyondItsBytes) {
  ShareOptions shared = slow(SlowPolicy::drop_newest, 100);
  shared.queue.bytes = 9;
  const auto hub = Hub::make(loop.loop(), feed.factory(), shared);
  auto stuck = subscribe(hub, {}, 1);
  say_many(100, 100);
  stuck.take(1000);
  EXPECT_EQ(texts(stuck), (Texts{"100", "101", "102", "103", R"(gap {"count":96,"from":"e-3"})"}));
}

TEST_F(HubTest, DropsTheNewestOfNobodyWhoKeepsUp) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), slow(SlowPolicy::drop_newest, 100));
  auto seen = subscribe(hub);
  say_many(0, 500);
  EXPECT_EQ(seen.size(), 500U);
}

TEST_F(HubTest, GivesTheLatestAlone) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), slow(SlowPolicy::latest, 10));
  auto stuck = subscribe(hub, {}, 1);
  say({0});
  say({1, 2, 3});
  stuck.take(10);
  EXPECT_EQ(texts(stuck), (Texts{"0", R"(gap {"count":2,"from":"e-0"})", "3"}));
}

TEST_F(HubTest, BlocksForTheSlowest) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), slow(SlowPolicy::block, 3));
  auto stuck = subscribe(hub, {}, 1);
  auto fast = subscribe(hub);
  say_many(0, 100);
  EXPECT_EQ(fast.size(), 4U) << "one is with the slow one, three wait for it";
  EXPECT_EQ(feed.given(), 4U) << "and the generator has not been asked for more";
  stuck.take(10);
  loop.run_ready();
  EXPECT_EQ(fast.size(), 14U);
  stuck.drop();
  loop.run_ready();
  EXPECT_EQ(fast.size(), 100U);
}

class HubModel : public ::testing::TestWithParam<SlowPolicy> {};

/// Clients come, read a little, leave, come back behind their last id, while items come: nobody gets one
/// twice or misses one that it was not told of.
TEST_P(HubModel, NobodyMissesAnItemUnknowingly) {
  for (unsigned seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    TestLoop loop;
    Feed feed;
    ShareOptions shared = slow(GetParam(), 1 + random() % 20);
    shared.replay.items = random() % 200;
    shared.start = SharedStart::at_once;
    const auto hub = Hub::make(loop.loop(), feed.factory(), shared);
    struct Seat {
      Client client;
      Consumer<Item> consumer;
    };
    std::vector<std::unique_ptr<Seat>> seats;
    int said = 0;
    for (int i = 0; i < 8; ++i) {
      seats.push_back(std::make_unique<Seat>());
      seats.back()->consumer = Consumer<Item>(loop.loop(), hub->subscribe());
      seats.back()->consumer.poll();
    }
    for (int round = 0; round < 400; ++round) {
      const auto& seat = seats[random() % seats.size()];
      switch (random() % 4) {
        case 0:
          for (unsigned count = random() % 40; count > 0; --count) feed.say({said++});
          break;
        case 1:
          loop.run_ready();
          break;
        case 2:
          for (unsigned count = random() % 30; count > 0 && seat->consumer.poll() == Poll::item; --count) {
            seat->client.take(*seat->consumer.item());
            if (::testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << ", round " << round;
          }
          break;
        default:
          // Comes back; at first only behind what it has really got.
          if (seat->client.last_id.empty()) break;
          seat->consumer =
              Consumer<Item>(loop.loop(), hub->subscribe({.resume_after = seat->client.last_id}));
          seat->client.next = std::stoull(seat->client.last_id.substr(2)) + 1;
          break;
      }
    }
    for (const auto& seat : seats) seat->consumer.reset();
  }
}

std::string name_of(const ::testing::TestParamInfo<SlowPolicy>& tested) {
  const Texts names = {"Disconnect", "DropOldest", "DropNewest", "Latest", "Block"};
  return names[static_cast<std::size_t>(tested.param)];
}

INSTANTIATE_TEST_SUITE_P(Policies, HubModel,
                         ::testing::Values(SlowPolicy::disconnect, SlowPolicy::drop_oldest,
                                           SlowPolicy::drop_newest, SlowPolicy::latest, SlowPolicy::block),
                         name_of);

}  // namespace
}  // namespace coyield::generators
