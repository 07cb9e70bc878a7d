#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

namespace coyield::server {

/// How much may be held for all clients together, and how much is: bytes that they have not taken, and what
/// they have sent that nobody has read. What is counted grows only when a client does not keep up, so that
/// the others never touch it.
///
/// Over the limit each worker drops those of its clients that hold the most, until it is below its share.
/// Where all together are over the limit, one at least is over its share; so that is enough, and a worker
/// whose clients keep up drops nobody.
class MemoryBudget {
 public:
  /// Bytes; 0: no limit. `relieve` is called from any thread, to have every worker look at what it holds.
  MemoryBudget(std::uint64_t limit, unsigned workers, std::function<void()> relieve)
      : limit_(limit), share_(limit / workers), relieve_(std::move(relieve)) {}

  std::uint64_t limit() const noexcept { return limit_; }
  std::uint64_t share() const noexcept { return share_; }
  std::uint64_t held() const noexcept { return held_.load(std::memory_order_relaxed); }
  bool exceeded() const noexcept { return limit_ != 0 && held() > limit_; }

  void add(std::uint64_t bytes) {
    held_.fetch_add(bytes, std::memory_order_relaxed);
    if (exceeded() && !asked_.exchange(true, std::memory_order_relaxed)) relieve_();
  }
  void remove(std::uint64_t bytes) noexcept { held_.fetch_sub(bytes, std::memory_order_relaxed); }

  /// A worker is about to look: whoever goes over the limit from here on asks again.
  void begin_relief() noexcept { asked_.store(false, std::memory_order_relaxed); }

 private:
  const std::uint64_t limit_;
  const std::uint64_t share_;
  std::function<void()> relieve_;
  std::atomic<std::uint64_t> held_ = 0;
  std::atomic<bool> asked_ = false;
};

/// What one worker holds of the budget. For its thread alone.
class Holdings {
 public:
  explicit Holdings(MemoryBudget& budget) noexcept : budget_(budget) {}

  void add(std::uint64_t bytes) {
    held_ += bytes;
    budget_.add(bytes);
  }
  void remove(std::uint64_t bytes) noexcept {
    held_ -= bytes;
    budget_.remove(bytes);
  }
  std::uint64_t held() const noexcept { return held_; }

 private:
  MemoryBudget& budget_;
  std::uint64_t held_ = 0;
};

}  // namespace coyield::server
