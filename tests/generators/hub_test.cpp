#include <coyield/generators/hub.hpp>

#include <gtest/gtest.h>

#include <coyield/generators/sleep.hpp>
#include <random>
#include <string>
#include <vector>

#include "feed.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::TestLoop;

ShareOptions options(LogLimits replay = {.items = 0}) {
  ShareOptions result;
  result.replay = replay;
  result.epoch = "e";
  return result;
}
ShareOptions slow(SlowPolicy policy, std::uint64_t items) {
  ShareOptions result = options();
  result.slow = policy;
  result.queue.items = items;
  return result;
}

class HubTest : public ::testing::Test {
 protected:
  auto subscribe(const std::shared_ptr<Hub>& hub, SubscribeOptions from = {},
                 std::size_t limit = testing::Collection<Item>::no_limit) {
    auto seen = loop.collect(hub->subscribe(std::move(from)), limit);
    loop.run_ready();
    return seen;
  }
  void say(std::initializer_list<int> values) {
    feed.say(values);
    loop.run_ready();
  }
  /// More than the log keeps beyond its limits.
  void say_many(int from, int count) {
    for (int i = 0; i < count; ++i) feed.say({from + i});
    loop.run_ready();
  }

  TestLoop loop;
  Feed feed;
};

TEST_F(HubTest, OneGeneratorFeedsAllWhoAsk) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options());
  auto first = subscribe(hub);
  auto second = subscribe(hub);
  say({1, 2});
  EXPECT_EQ(texts(first), (Texts{"1", "2"}));
  EXPECT_EQ(texts(second), (Texts{"1", "2"}));
  EXPECT_EQ(ids(second), (Texts{"e-0", "e-1"}));
  EXPECT_EQ(feed.started, 1);
  EXPECT_EQ(hub->subscribers(), 2U);
}

TEST_F(HubTest, NothingRunsBeforeSomebodySubscribes) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options());
  auto generator = hub->subscribe();
  loop.run_ready();
  EXPECT_EQ(feed.started, 0);
  EXPECT_EQ(hub->subscribers(), 0U);
}

TEST_F(HubTest, AThousandThatComeTogetherStartOneGenerator) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options());
  std::vector<testing::Collection<Item>> all;
  for (int i = 0; i < 1000; ++i) all.push_back(loop.collect(hub->subscribe()));
  say({1});
  EXPECT_EQ(feed.started, 1);
  for (const auto& seen : all) ASSERT_EQ(texts(seen), Texts{"1"});
}

TEST_F(HubTest, WhoComesLaterGetsWhatComesLater) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options());
  auto first = subscribe(hub);
  say({1, 2});
  auto second = subscribe(hub);
  say({3});
  EXPECT_EQ(texts(second), Texts{"3"});
  EXPECT_EQ(ids(second), Texts{"e-2"});
}

TEST_F(HubTest, GivesSoManyOfTheNewestFirst) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 3}));
  auto first = subscribe(hub);
  say({1, 2, 3, 4, 5});
  EXPECT_EQ(texts(subscribe(hub, {.last = 2})), (Texts{"4", "5"}));
  EXPECT_EQ(texts(subscribe(hub, {.last = LogLimits::any})), (Texts{"3", "4", "5"}));
}

TEST_F(HubTest, ForgetsWhatIsTooOld) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.age = 10s}));
  auto first = subscribe(hub);
  say({1});
  loop.advance(6s);
  say({2});
  loop.advance(6s);
  EXPECT_EQ(texts(subscribe(hub, {.last = LogLimits::any})), Texts{"2"});
}

TEST_F(HubTest, KeepsNoMoreBytesThanItMay) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.bytes = 4}));
  auto first = subscribe(hub);
  say({10, 20, 30});
  EXPECT_EQ(texts(subscribe(hub, {.last = LogLimits::any})), (Texts{"20", "30"}));
}

TEST_F(HubTest, ResumesWithExactlyTheRest) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 4}));
  auto first = subscribe(hub);
  say({1, 2, 3, 4});
  auto again = subscribe(hub, {.resume_after = "e-1"});
  say({5});
  EXPECT_EQ(texts(again), (Texts{"3", "4", "5"}));
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "e-4"})), Texts{});
}

TEST_F(HubTest, SaysHowManyAreGone) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 2}));
  auto first = subscribe(hub);
  say({1, 2, 3, 4});
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "e-0"})),
            (Texts{R"(gap {"count":1,"from":"e-0"})", "3", "4"}));
}

TEST_F(HubTest, DoesNotKnowWhatIsMissingOfAnotherRun) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 2}));
  auto first = subscribe(hub);
  say({1});
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "x-0"})), (Texts{R"(gap {"from":"x-0"})", "1"}));
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "e-7"})), (Texts{R"(gap {"from":"e-7"})", "1"}))
      << "which this run has never given";
}

TEST_F(HubTest, TakesWhatIsNoIdOfItsForOneOfAnotherRun) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options());
  for (const std::string id :
       {"e", "e-", "-1", "e-x", "e-1x", "e-18446744073709551616", "e-18446744073709551615", "f-none"}) {
    EXPECT_EQ(texts(subscribe(hub, {.resume_after = id})), Texts{R"(gap {"from":")" + id + R"("})"});
  }
}

TEST_F(HubTest, FailsOnAGapWhereThatIsWanted) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 2}));
  auto first = subscribe(hub);
  say({1, 2, 3, 4});
  auto gone = subscribe(hub, {.resume_after = "e-0", .on_gap = OnGap::fail});
  EXPECT_THROW(gone.rethrow_failure(), Failure);
  auto there = subscribe(hub, {.resume_after = "e-1", .on_gap = OnGap::fail});
  EXPECT_EQ(texts(there), (Texts{"3", "4"}));
  auto slow_one = subscribe(hub, {.on_gap = OnGap::fail, .last = 1}, 1);
  say_many(0, 3000);
  slow_one.take(5);
  EXPECT_THROW(slow_one.rethrow_failure(), Failure);
}

TEST_F(HubTest, GoesOnFromThePlaceOfOneThatHasGotNothingYet) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 9}));
  Event changed;
  const Cursor at_the_beginning(hub, {}, changed);
  EXPECT_EQ(at_the_beginning.position(), "e-none");
  say({1, 2});
  const Cursor at_the_end(hub, {}, changed);
  EXPECT_EQ(at_the_end.position(), "e-1");
  say({3});
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "e-none"})), (Texts{"1", "2", "3"}));
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "e-1"})), Texts{"3"});
}

TEST_F(HubTest, KeepsTheIdsOfTheGenerator) {
  feed.give_ids();
  ShareOptions own = options({.items = 3});
  own.own_ids = true;
  const auto hub = Hub::make(loop.loop(), feed.factory(), own);
  auto first = subscribe(hub);
  say({1, 2, 3, 4, 5});
  EXPECT_EQ(ids(first), (Texts{"own1", "own2", "own3", "own4", "own5"}));
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "own3"})), (Texts{"4", "5"}));
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "own5"})), Texts{});
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "own1"})).front(), R"(gap {"from":"own1"})");
  Event changed;
  EXPECT_EQ(Cursor(hub, {}, changed).position(), "own5");
}

TEST_F(HubTest, WhoCatchesUpMeetsTheLog) {
  feed.give_ids();
  ShareOptions own = options();
  own.own_ids = true;
  own.queue.items = 4;
  const auto hub = Hub::make(loop.loop(), feed.factory(), own);
  auto keeper = subscribe(hub);
  say({1, 2, 3});
  say_many(4, 200);
  Event changed;
  LogIds ids(*hub);
  Cursor cursor(hub, {.resume_after = "own2", .catches_up = true}, changed);
  ASSERT_EQ(cursor.advance(), Cursor::Step::outside);
  EXPECT_EQ(*cursor.outside(), "own2");
  for (int i = 3; i < 203; ++i) {
    const bool first_there = hub->log().at(hub->log().first())->item.id() == "own" + std::to_string(i);
    ASSERT_EQ(cursor.meet("own" + std::to_string(i)), first_there) << i;
    if (!first_there) continue;
    ASSERT_EQ(cursor.advance(), Cursor::Step::item);
    EXPECT_EQ(text_of(cursor.item(ids)), std::to_string(i + 1));
    break;
  }
  EXPECT_EQ(cursor.outside(), nullptr);
  while (cursor.advance() == Cursor::Step::item) {
  }
  say_many(1000, 2000);
  EXPECT_EQ(cursor.advance(), Cursor::Step::outside) << "who is too slow goes on by itself";
  EXPECT_EQ(*cursor.outside(), "own203");
  EXPECT_TRUE(cursor.meet("own2999"));
  EXPECT_EQ(cursor.advance(), Cursor::Step::wait);
}

TEST_F(HubTest, MakesAFailedGeneratorAgainThatGoesOn) {
  feed.give_ids();
  ShareOptions restarting = options({.items = 10});
  restarting.restart = Restart::on_failure;
  restarting.backoff = {.from = 1s, .jitter = 0};
  const auto hub = Hub::make(loop.loop(), feed.factory(), restarting);
  auto seen = subscribe(hub);
  feed.fail("for now");
  say({1});
  EXPECT_FALSE(seen.ended());
  EXPECT_EQ(feed.running(), 0);
  feed.recover();
  loop.advance(1s);
  say({2});
  EXPECT_EQ(feed.resumed, "own1");
  EXPECT_EQ(texts(seen), (Texts{"1", "2"}));
  EXPECT_EQ(ids(seen), (Texts{"e-0", "e-1"}));
}

TEST_F(HubTest, SaysWhatAGeneratorMadeAgainDoesNotKnow) {
  ShareOptions restarting = options({.items = 10});
  restarting.restart = Restart::on_failure;
  restarting.backoff = {.from = 1s, .jitter = 0};
  const auto hub = Hub::make(loop.loop(), feed.factory(), restarting);
  auto seen = subscribe(hub);
  feed.fail("for now");
  say({1});
  feed.recover();
  loop.advance(1s);
  say({2});
  EXPECT_EQ(texts(seen), (Texts{"1", R"(gap {"from":"e-0"})", "2"}));
  EXPECT_NE(hub->epoch(), "e");
  EXPECT_EQ(ids(seen).back(), hub->epoch() + "-2");
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = "e-0"})), (Texts{R"(gap {"from":"e-0"})", "2"}));
  EXPECT_EQ(texts(subscribe(hub, {.resume_after = hub->epoch() + "-1"})), Texts{"2"});
}

TEST_F(HubTest, MakesNothingAgainForNobodyNorForWhatWouldComeAgain) {
  ShareOptions restarting = options();
  restarting.restart = Restart::always;
  restarting.backoff = {.attempts = 2, .from = 1s, .jitter = 0};
  const auto hub = Hub::make(loop.loop(), feed.factory(), restarting);
  auto seen = subscribe(hub);
  feed.end();
  say({});
  EXPECT_FALSE(seen.ended());
  loop.advance(1s);
  EXPECT_EQ(feed.started, 2);
  EXPECT_FALSE(seen.ended());
  loop.advance(2s);
  EXPECT_EQ(feed.started, 3) << "twice is enough";
  EXPECT_TRUE(seen.ended());

  const auto other = Hub::make(loop.loop(), feed.factory(), restarting);
  auto leaving = subscribe(other);
  leaving.drop();
  loop.advance(10s);
  EXPECT_EQ(feed.started, 4);
  EXPECT_TRUE(other->idle());

  int made = 0;
  const auto wrong = Hub::make(
      loop.loop(),
      [&made](const std::string&) -> AsyncGenerator<Item> {
        ++made;
        throw Failure(FailureKind::invalid, "no such value");
      },
      restarting);
  auto told = subscribe(wrong);
  EXPECT_THROW(told.rethrow_failure(), Failure);
  EXPECT_EQ(made, 1);
}

TEST_F(HubTest, TheEndComesToAllBehindTheirItems) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 1}));
  auto fast = subscribe(hub);
  auto late = subscribe(hub, {}, 1);
  feed.end();
  say({1, 2});
  EXPECT_EQ(texts(fast), (Texts{"1", "2"}));
  EXPECT_TRUE(fast.ended());
  EXPECT_FALSE(late.ended());
  late.take(5);
  EXPECT_EQ(texts(late), (Texts{"1", "2"}));
  EXPECT_TRUE(late.ended());
  auto after = subscribe(hub, {.last = 5});
  EXPECT_EQ(texts(after), Texts{"2"});
  EXPECT_TRUE(after.ended());
  EXPECT_EQ(feed.started, 1);
}

TEST_F(HubTest, AFailureComesToAllBehindTheirItems) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 1}));
  auto first = subscribe(hub);
  auto second = subscribe(hub);
  feed.fail("broken");
  say({1});
  auto after = subscribe(hub, {.last = 1});
  for (auto* seen : {&first, &second, &after}) {
    EXPECT_EQ(texts(*seen), Texts{"1"});
    EXPECT_THROW(seen->rethrow_failure(), Failure);
  }
}

TEST_F(HubTest, StopsTheGeneratorWhenTheLastOneLeaves) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options());
  auto first = subscribe(hub);
  auto second = subscribe(hub);
  first.drop();
  EXPECT_EQ(feed.running(), 1);
  second.drop();
  EXPECT_EQ(feed.running(), 0);
  EXPECT_FALSE(hub->running());
}

TEST_F(HubTest, LingersForTheNextOne) {
  ShareOptions lingering = options({.items = 10});
  lingering.linger = 5s;
  const auto hub = Hub::make(loop.loop(), feed.factory(), lingering);
  auto first = subscribe(hub);
  first.drop();
  loop.advance(4s);
  say({1});
  auto second = subscribe(hub, {.last = 1});
  EXPECT_EQ(texts(second), Texts{"1"}) << "it went on meanwhile";
  loop.advance(10s);
  EXPECT_EQ(feed.running(), 1) << "somebody is there";
  second.drop();
  loop.advance(6s);
  EXPECT_EQ(feed.running(), 0);
}

TEST_F(HubTest, ARunThatBeginsAnewIsAnotherEpoch) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 10}));
  auto first = subscribe(hub);
  say({1, 2});
  first.drop();
  auto second = subscribe(hub, {.resume_after = "e-1"});
  say({3});
  EXPECT_EQ(feed.started, 2);
  EXPECT_NE(hub->epoch(), "e");
  EXPECT_EQ(texts(second), (Texts{R"(gap {"from":"e-1"})", "3"}));
  EXPECT_EQ(ids(second).back(), hub->epoch() + "-0");
}

TEST_F(HubTest, ARunThatGoesOnBehindItsLastItemIsTheSameEpoch) {
  feed.give_ids();
  const auto hub = Hub::make(loop.loop(), feed.factory(), options({.items = 10}));
  auto first = subscribe(hub);
  say({1, 2});
  first.drop();
  auto second = subscribe(hub, {.resume_after = "e-0"});
  say({3});
  EXPECT_EQ(feed.resumed, "own2");
  EXPECT_EQ(texts(second), (Texts{"2", "3"}));
  EXPECT_EQ(ids(second), (Texts{"e-1", "e-2"}));
}

TEST_F(HubTest, MayRunWhetherSomebodyIsThereOrNot) {
  ShareOptions eager = options({.items = 10});
  eager.start = SharedStart::at_once;
  const auto hub = Hub::make(loop.loop(), feed.factory(), eager);
  say({1, 2});
  auto seen = subscribe(hub, {.last = 1});
  EXPECT_EQ(texts(seen), Texts{"2"});
  seen.drop();
  EXPECT_EQ(feed.running(), 1);
}

TEST_F(HubTest, ASharedGeneratorRunsOnce) {
  const auto hub = share(loop.loop(), feed.play(), options({.items = 1}));
  auto first = subscribe(hub);
  say({1});
  first.drop();
  auto second = subscribe(hub, {.last = 1});
  EXPECT_THROW(second.rethrow_failure(), Failure);
}

TEST_F(HubTest, AFactoryThatThrowsHasFailed) {
  const auto hub = Hub::make(
      loop.loop(),
      [](const std::string&) -> AsyncGenerator<Item> {
        throw Failure(FailureKind::not_found, "no such thing");
      },
      options());
  auto seen = subscribe(hub);
  EXPECT_THROW(seen.rethrow_failure(), Failure);
}

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

TEST_F(HubTest, PassesOnAGapOfTheGenerator) {
  const auto gap = []() -> AsyncGenerator<Item> {
    Item item = Item::gap("{}");
    co_yield std::move(item);
  };
  const auto hub = share(loop.loop(), gap(), options({.items = 1}));
  EXPECT_EQ(texts(subscribe(hub)), Texts{"gap {}"});
}

TEST_F(HubTest, KeepsValuesAndNames) {
  const auto values = []() -> AsyncGenerator<Item> {
    Item item = Item::text("hello");
    item.set_event("greeting");
    co_yield std::move(item);
  };
  const auto hub = share(loop.loop(), values(), options());
  auto seen = subscribe(hub);
  ASSERT_EQ(texts(seen), Texts{"hello"});
  EXPECT_EQ(seen.stamped()[0].item.event(), "greeting");
  EXPECT_EQ(seen.stamped()[0].item.kind(), PayloadKind::text);
}

TEST_F(HubTest, ASubscriberOutlivesTheHandleOfItsHub) {
  auto hub = Hub::make(loop.loop(), feed.factory(), options());
  auto seen = subscribe(hub);
  hub.reset();
  say({1});
  EXPECT_EQ(texts(seen), Texts{"1"});
  seen.drop();
  EXPECT_EQ(feed.running(), 0);
}

TEST(Hub, MayBeLeftBehindByItsLoop) {
  Feed feed;
  auto loop = std::make_unique<TestLoop>();
  const auto hub = Hub::make(loop->loop(), feed.factory(), options());
  auto seen = loop->collect(hub->subscribe());
  loop->run_ready();
  loop.reset();
  EXPECT_EQ(feed.running(), 0);
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
