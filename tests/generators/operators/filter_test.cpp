#include <gtest/gtest.h>

#include <coyield/generators/operators/filter.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>

namespace coyield::generators {
namespace {

using namespace std::chrono_literals;
using testing::Script;
using testing::TestLoop;

TEST(Filter, PassesOnWhatThePredicateIsTrueFor) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3, 4});
  EXPECT_EQ(loop.drain(script.play() | filter([](int item) { return item % 2 == 0; })), (std::vector{2, 4}));
}

TEST(Filter, OfMoveOnlyItemsLooksWithoutTaking) {
  TestLoop loop;
  Script<std::unique_ptr<int>> script;
  script.item(std::make_unique<int>(1)).item(nullptr);
  auto seen = loop.collect(script.play() | filter([](const auto& item) { return item != nullptr; }) |
                           map([](const auto& item) { return *item; }));
  EXPECT_EQ(seen.items(), (std::vector{1}));
}

AsyncGenerator<int> naturals() {
  for (int item = 0;; ++item) co_yield int(item);
}

TEST(Filter, ThatDropsForEverLetsOthersRunAndCanBeCancelled) {
  TestLoop loop;
  Consumer<int> consumer(loop.loop(), naturals() | filter([](int) { return false; }));
  EXPECT_EQ(consumer.poll(), Poll::pending) << "it has given way";
  bool other_ran = false;
  boost::asio::post(loop.context(), [&] {
    other_ran = true;
    consumer.cancel();
  });
  loop.run_ready();
  EXPECT_TRUE(other_ran);
  EXPECT_THROW(consumer.item(), boost::system::system_error);
}

}  // namespace
}  // namespace coyield::generators
