#include <coyield/server/failures.hpp>

#include <gtest/gtest.h>

#include <string>
#include <thread>

namespace coyield::server {
namespace {

TEST(Failures, StandTheNewestFirst) {
  Failures failures;
  EXPECT_TRUE(failures.newest().empty());
  const auto before = std::chrono::system_clock::now();
  failures.add("/a", "client", "failed", "one");
  failures.add("/b", {}, "error", "two");
  const auto all = failures.newest();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].reason, "two");
  EXPECT_EQ(all[0].number, 2U);
  EXPECT_EQ(all[0].client, "");
  EXPECT_EQ(all[1].endpoint, "/a");
  EXPECT_EQ(all[1].client, "client");
  EXPECT_EQ(all[1].kind, "failed");
  EXPECT_GE(all[1].time, before);
}

TEST(Failures, AreForgottenWhenThereAreNewerOnes) {
  Failures failures;
  for (std::size_t i = 1; i <= Failures::most + 7; ++i)
    failures.add("/a", "client", "failed", std::to_string(i));
  const auto all = failures.newest();
  ASSERT_EQ(all.size(), Failures::most);
  EXPECT_EQ(all.front().reason, std::to_string(Failures::most + 7));
  EXPECT_EQ(all.back().reason, "8");
  EXPECT_EQ(all.back().number, 8U);
}

TEST(Failures, ComeFromAllThreads) {
  Failures failures;
  const auto add = [&failures] {
    for (int i = 0; i < 1000; ++i) failures.add("/a", "client", "failed", "why");
  };
  std::thread other(add);
  add();
  other.join();
  EXPECT_EQ(failures.newest().front().number, 2000U);
}

}  // namespace
}  // namespace coyield::server
