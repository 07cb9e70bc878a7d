#include <gtest/gtest.h>

#include <coyield/generators/cleanup.hpp>
#include <future>
#include <vector>

namespace coyield::generators {
namespace {

TEST(Cleanup, DoesEverythingInOrderBeforeItGoes) {
  std::vector<int> done;
  {
    Cleanup cleanup;
    for (int i = 0; i < 100; ++i) cleanup.later([&done, i] { done.push_back(i); });
  }
  ASSERT_EQ(done.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<std::size_t>(i)], i);
}

TEST(Cleanup, KeepsNobodyWaiting) {
  Cleanup cleanup;
  std::promise<void> go;
  std::promise<void> done;
  cleanup.later([waits = go.get_future().share(), &done] {
    waits.wait();
    done.set_value();
  });
  go.set_value();  // would never be reached if `later` waited
  done.get_future().wait();
}

TEST(Cleanup, WithoutWorkHasNoThreadToWaitFor) { const Cleanup cleanup; }

}  // namespace
}  // namespace coyield::generators
