#include <gtest/gtest.h>

#include <coyield/generators/operators/tap.hpp>
#include <coyield/generators/testing.hpp>
#include <memory>
#include <stdexcept>

namespace coyield::generators {
namespace {

using testing::Script;
using testing::TestLoop;

TEST(Tap, SeesEachItemBeforeTheConsumer) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2, 3});
  std::vector<int> tapped;
  auto seen = loop.collect(script.play() | tap([&tapped](int item) { tapped.push_back(item); }), 2);
  EXPECT_EQ(tapped, (std::vector{1, 2}));
  seen.take();
  EXPECT_EQ(tapped, (std::vector{1, 2, 3}));
}

TEST(Tap, PassesMoveOnlyItemsOn) {
  TestLoop loop;
  Script<std::unique_ptr<int>> script;
  script.item(std::make_unique<int>(7));
  int tapped = 0;
  auto items =
      loop.drain(tap(script.play(), [&tapped](const std::unique_ptr<int>& item) { tapped = *item; }));
  EXPECT_EQ(tapped, 7);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(*items[0], 7);
}

TEST(Tap, FailsWithItsFunction) {
  TestLoop loop;
  Script<int> script;
  script.items({1, 2});
  auto seen = loop.collect(script.play() | tap([](int item) {
                             if (item == 2) throw std::runtime_error("two");
                           }));
  EXPECT_EQ(seen.items(), (std::vector{1}));
  EXPECT_THROW(seen.rethrow_failure(), std::runtime_error);
  EXPECT_TRUE(script.destroyed());
}

}  // namespace
}  // namespace coyield::generators
