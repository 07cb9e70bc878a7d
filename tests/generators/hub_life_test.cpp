#include <coyield/generators/hub.hpp>

#include <gtest/gtest.h>

#include <string>

#include "feed.hpp"
#include "hub_fixture.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

TEST_F(HubTest, StartsNothingForOneWhoIsRefused) {
  const auto hub = Hub::make(loop.loop(), feed.factory(), options());
  auto refused = subscribe(hub, {.resume_after = "x-1", .on_gap = OnGap::fail});
  EXPECT_THROW(refused.rethrow_failure(), Failure);
  loop.run_ready();
  EXPECT_EQ(hub->subscribers(), 0U);
  EXPECT_EQ(feed.running(), 0);
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

TEST_F(HubTest, GoesOnFromWhereItBeganAsLongAsNothingHasCome) {
  feed.give_ids();
  ShareOptions restarting = options({.items = 10});
  restarting.restart = Restart::on_failure;
  const auto hub = Hub::make(loop.loop(), feed.factory(), restarting);
  const auto begun = std::make_shared<StartPosition>();
  hub->begun(begun);
  auto seen = subscribe(hub);
  EXPECT_EQ(feed.resumed, "");
  begun->id = "place";
  feed.fail("away");
  loop.run_ready();
  feed.recover();
  loop.advance(1s);
  EXPECT_EQ(feed.resumed, "place");
  say({-1, 1});
  EXPECT_EQ(texts(seen), (Texts{"gap {}", "1"})) << "it says itself what is missing";
}

TEST_F(HubTest, AGapIsNoPlaceToGoOnFromAndNoProgress) {
  feed.give_ids();
  ShareOptions restarting = options({.items = 10});
  restarting.restart = Restart::on_failure;
  restarting.backoff = {.attempts = 2, .from = 1s, .jitter = 0};
  const auto hub = Hub::make(loop.loop(), feed.factory(), restarting);
  auto seen = subscribe(hub);
  say({1});
  for (int i = 0; i < 2; ++i) {
    feed.fail("away");
    loop.run_ready();
    feed.recover();
    loop.advance(2s);
    EXPECT_EQ(feed.resumed, "own1");
    say({-1});
  }
  EXPECT_EQ(texts(seen), (Texts{"1", "gap {}", "gap {}"}));
  feed.fail("away");
  loop.run_ready();
  EXPECT_TRUE(seen.ended()) << "twice is enough";
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

TEST_F(HubTest, CanBeMadeToFailForAllWhoReadIt) {
  ShareOptions restarting = options();
  restarting.restart = Restart::always;
  restarting.linger = 10s;
  const auto hub = Hub::make(loop.loop(), feed.factory(), restarting);
  bool idle = false;
  hub->on_idle([&idle] { idle = true; });
  auto one = subscribe(hub);
  auto other = subscribe(hub);
  say({1});
  hub->fail(std::make_exception_ptr(Failure(FailureKind::unavailable, "enough")));
  loop.run_ready();
  EXPECT_EQ(feed.running(), 0);
  for (auto* seen : {&one, &other}) {
    EXPECT_EQ(texts(*seen), Texts{"1"}) << "what was there before has arrived";
    EXPECT_THROW(seen->rethrow_failure(), Failure);
  }
  EXPECT_TRUE(idle);
  loop.advance(60s);
  EXPECT_EQ(feed.started, 1) << "it is not made again";
  hub->fail(nullptr);  // over is over
  EXPECT_TRUE(hub->failure());
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

}  // namespace
}  // namespace coyield::generators
