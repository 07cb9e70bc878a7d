#include <gtest/gtest.h>

#include <atomic>
#include <coyield/generators/cleanup.hpp>
#include <future>

namespace coyield::generators {
namespace {

TEST(Cleanup, DoesEverythingBeforeItGoes) {
  std::atomic<int> done = 0;
  {
    Cleanup cleanup;
    for (int i = 0; i < 100; ++i) cleanup.later([&done] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

TEST(Cleanup, KeepsNobodyWaitingNeitherWhoHandsItOverNorTheOthers) {
  Cleanup cleanup;
  std::promise<void> go;
  std::promise<void> first;
  std::promise<void> second;
  cleanup.later([waits = go.get_future().share(), &first] {
    waits.wait();
    first.set_value();
  });
  cleanup.later([&second] { second.set_value(); });
  second.get_future().wait();
  go.set_value();
  first.get_future().wait();
}

TEST(Cleanup, WithoutWorkHasNothingToWaitFor) { const Cleanup cleanup; }

}  // namespace
}  // namespace coyield::generators
