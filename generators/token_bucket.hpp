#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace coyield::generators {

/// So many in any time so long.
struct Rate {
  std::uint64_t items = 1;                                    ///< at least 1
  std::chrono::nanoseconds within = std::chrono::seconds(1);  ///< positive

  bool operator==(const Rate&) const = default;
};

/// Keeps to a rate: as many as it allows may come at once, and then one whenever the time of one has passed.
///
/// One instant is all that it knows, the one at which it would be as if nothing had ever come (the generic
/// cell rate algorithm, ITU-T I.371).
class TokenBucket {
 public:
  explicit TokenBucket(const Rate& rate) noexcept
      : each_(std::max<std::chrono::nanoseconds>(
            rate.within / static_cast<std::chrono::nanoseconds::rep>(rate.items),
            std::chrono::nanoseconds(1))),
        burst_(rate.within - each_) {}

  /// How long until the next one may come; 0: now.
  std::chrono::nanoseconds wait(std::chrono::nanoseconds now) const noexcept {
    return std::max(full_at_ - now - burst_, std::chrono::nanoseconds(0));
  }
  /// One has come that may.
  void take(std::chrono::nanoseconds now) noexcept { full_at_ = std::max(full_at_, now) + each_; }
  /// It is as if nothing had ever come.
  bool full(std::chrono::nanoseconds now) const noexcept { return full_at_ <= now; }

 private:
  std::chrono::nanoseconds each_;
  std::chrono::nanoseconds burst_;
  std::chrono::nanoseconds full_at_ = std::chrono::nanoseconds::min() / 2;
};

}  // namespace coyield::generators
