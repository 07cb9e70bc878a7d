#include <gtest/gtest.h>

#include <coyield/generators/operators/batch.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <stdexcept>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

using Batches = std::vector<std::vector<int>>;

TEST(Batch, GivesFullBatchesAndTheRestAtTheEnd) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3, 4, 5});
  EXPECT_EQ(loop.drain(batch(script.play(), 2)), (Batches{{1, 2}, {3, 4}, {5}}));
}

TEST(Batch, AFullBatchDoesNotWaitForTheItemBehindIt) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2}).wait_for_ever();
  auto seen = loop.collect(batch(script.play(), 2));
  EXPECT_EQ(seen.items(), (Batches{{1, 2}}));
}

TEST(Batch, GivesWhatHasComeWithinTheTimeOfItsFirstItem) {
  TestLoop loop;
  Script<int> script;
  script.wait(30ms).item(1).wait(30ms).item(2).wait(30ms).item(3).wait_for_ever();
  auto seen = loop.collect(batch(script.play(), 10, 50ms));
  loop.advance(1s);
  EXPECT_EQ(seen.items(), (Batches{{1, 2}, {3}}));
  EXPECT_EQ(seen.times(), (std::vector<std::chrono::nanoseconds>{80ms, 140ms}));
}

TEST(Batch, WithinNoTimeGivesWhatIsReadyTogether) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2}).give_way().items({3, 4, 5}).wait(1ms).item(6);
  EXPECT_EQ(loop.drain(batch(script.play(), 100, 0ms)), (Batches{{1, 2}, {3, 4, 5}, {6}}));
}

TEST(Batch, GivesWhatHadComeBeforeAFailureFirst) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3}).wait(1ms).fail(std::runtime_error("broken"));
  auto seen = loop.collect(batch(script.play(), 2));
  loop.advance(1ms);
  EXPECT_EQ(seen.items(), (Batches{{1, 2}, {3}}));
  EXPECT_TRUE(seen.ended());
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
}

TEST(Batch, WithoutEndOfALongReadyStreamLetsOthersRun) {
  TestLoop loop;
  auto endless = []() -> AsyncGenerator<int> {
    for (int item = 0;; ++item) co_yield int(item);
  };
  auto seen = loop.collect(batch(endless(), 1'000'000'000));
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    seen.drop();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
}

TEST(Batch, OfMoveOnlyItemsMovesThem) {
  TestLoop loop;
  Script<std::unique_ptr<int>> script;
  script.item(std::make_unique<int>(1)).item(std::make_unique<int>(2));
  auto sums = batch(script.play(), 2) | map([](const auto& items) { return *items.at(0) + *items.at(1); });
  EXPECT_EQ(loop.drain(std::move(sums)), (std::vector{3}));
}

}  // namespace
}  // namespace coyield::generators
