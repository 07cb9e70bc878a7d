#include <coyield/server/memory_budget.hpp>

#include <gtest/gtest.h>

namespace coyield::server {
namespace {

TEST(MemoryBudget, AsksForReliefOnceItIsExceeded) {
  int asked = 0;
  MemoryBudget budget(100, 2, [&asked] { ++asked; });
  budget.add(100);
  EXPECT_FALSE(budget.exceeded());
  EXPECT_EQ(asked, 0);
  budget.add(1);
  EXPECT_TRUE(budget.exceeded());
  budget.add(1);
  EXPECT_EQ(asked, 1);
}

TEST(MemoryBudget, AsksAgainBehindARelief) {
  int asked = 0;
  MemoryBudget budget(100, 1, [&asked] { ++asked; });
  budget.add(200);
  budget.begin_relief();
  EXPECT_EQ(asked, 1);
  budget.remove(150);
  budget.add(10);
  EXPECT_EQ(asked, 1);
  budget.add(100);
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(budget.held(), 160U);
}

TEST(MemoryBudget, IsNoneAtZero) {
  MemoryBudget budget(0, 1, [] { ADD_FAILURE() << "asked for relief"; });
  budget.add(1ull << 50);
  EXPECT_FALSE(budget.exceeded());
}

TEST(MemoryBudget, IsSharedEquallyAmongWorkers) {
  MemoryBudget budget(1000, 4, [] {});
  Holdings one(budget);
  Holdings other(budget);
  one.add(300);
  other.add(200);
  one.remove(100);
  EXPECT_EQ(budget.share(), 250U);
  EXPECT_EQ(budget.held(), 400U);
  EXPECT_EQ(one.held(), 200U);
}

}  // namespace
}  // namespace coyield::server
