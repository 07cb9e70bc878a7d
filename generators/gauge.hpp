#pragma once

#include <atomic>
#include <concepts>

namespace coyield::generators {

/// A number that one thread writes and any may read: plain loads and stores that happen to be atomic.
template <std::unsigned_integral Number>
class Gauge {
 public:
  Gauge() noexcept = default;
  explicit Gauge(Number value) noexcept : value_(value) {}

  void set(Number value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(Number count) noexcept { set(static_cast<Number>(value() + count)); }
  Number value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<Number> value_ = 0;
};

}  // namespace coyield::generators
