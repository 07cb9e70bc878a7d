#include <gtest/gtest.h>

#include <coyield/generators/detail/frame_pool.hpp>
#include <cstring>
#include <thread>
#include <vector>

namespace coyield::generators::detail {
namespace {

constexpr std::size_t sizes[] = {1, 63, 64, 65, 128, 500, 2047, 2048, 2049, 100'000};

TEST(FramePool, GivesMemoryOfTheSize) {
  for (const std::size_t size : sizes) {
    void* first = FramePool::allocate(size);
    void* second = FramePool::allocate(size);
    std::memset(first, 1, size);
    std::memset(second, 2, size);
    EXPECT_EQ(static_cast<unsigned char*>(first)[size - 1], 1);
    FramePool::deallocate(first, size);
    FramePool::deallocate(second, size);
  }
}

TEST(FramePool, GivesAFreedFrameAgain) {
  if (!COYIELD_POOL_FRAMES) GTEST_SKIP() << "off under AddressSanitizer";
  FramePool::deallocate(FramePool::allocate(100), 100);
  const auto fresh = FramePool::fresh();
  void* again = FramePool::allocate(120);  // of the same class
  EXPECT_EQ(FramePool::fresh(), fresh);
  FramePool::deallocate(again, 120);
}

TEST(FramePool, KeepsABoundedNumber) {
  if (!COYIELD_POOL_FRAMES) GTEST_SKIP() << "off under AddressSanitizer";
  std::vector<void*> frames(1000);
  for (void*& frame : frames) frame = FramePool::allocate(200);
  for (void* frame : frames) FramePool::deallocate(frame, 200);
  const auto fresh = FramePool::fresh();
  for (void*& frame : frames) frame = FramePool::allocate(200);
  EXPECT_GE(FramePool::fresh() - fresh, frames.size() / 2);
  for (void* frame : frames) FramePool::deallocate(frame, 200);
}

TEST(FramePool, TakesAFrameOfAnotherThread) {
  void* frame = nullptr;
  std::thread([&] { frame = FramePool::allocate(300); }).join();
  std::memset(frame, 0, 300);
  FramePool::deallocate(frame, 300);
  std::thread([frame = FramePool::allocate(300)] { FramePool::deallocate(frame, 300); }).join();
}

TEST(FramePool, CountsWhatIsAlive) {
  const auto live = FramePool::live();
  void* frame = FramePool::allocate(64);
  EXPECT_EQ(FramePool::live(), live + 1);
  FramePool::deallocate(frame, 64);
  EXPECT_EQ(FramePool::live(), live);
}

}  // namespace
}  // namespace coyield::generators::detail
