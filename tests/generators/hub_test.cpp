#include <coyield/generators/hub.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "feed.hpp"
#include "hub_fixture.hpp"

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;

using testing::TestLoop;

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

TEST_F(HubTest, WhoCatchesUpIsKeptTheOldestOnlyFromWhereItHasMetTheLog) {
  feed.give_ids();
  ShareOptions own = slow(SlowPolicy::drop_newest, 4);
  own.own_ids = true;
  const auto hub = Hub::make(loop.loop(), feed.factory(), own);
  auto keeper = subscribe(hub);
  say({1, 2, 3});
  say_many(4, 200);
  Event changed;
  LogIds ids(*hub);
  Cursor cursor(hub, {.resume_after = "own2", .catches_up = true}, changed);
  say({300, 301});
  ASSERT_EQ(cursor.advance(), Cursor::Step::outside);
  ASSERT_TRUE(cursor.meet("own301"));
  say({302});
  ASSERT_EQ(cursor.advance(), Cursor::Step::item);
  EXPECT_EQ(text_of(cursor.item(ids)), "302");
  EXPECT_EQ(cursor.advance(), Cursor::Step::wait);
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

}  // namespace
}  // namespace coyield::generators
