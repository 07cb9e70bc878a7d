#pragma once

#include <chrono>
#include <coyield/generators/loop.hpp>

namespace coyield::testing {

/// A clock that stands still until it is told the time.
///
/// `now` starts at zero, `wall` at 2024-01-01 00:00 UTC; both go on together. For a loop on one, use a
/// `TestLoop`.
class ManualClock final : public generators::Clock {
 public:
  static constexpr std::chrono::nanoseconds wall_at_start = std::chrono::seconds(1'704'067'200);

  std::chrono::nanoseconds now() noexcept override { return now_; }
  std::chrono::nanoseconds wall() noexcept override { return wall_at_start + now_; }

  /// Goes on to `time`; never back.
  void set(std::chrono::nanoseconds time) noexcept {
    if (time > now_) now_ = time;
  }

 private:
  std::chrono::nanoseconds now_{0};
};

}  // namespace coyield::testing
