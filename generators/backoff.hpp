#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>

namespace coyield::generators {

/// Never given up.
inline constexpr std::uint64_t without_end = std::numeric_limits<std::uint64_t>::max();

/// How long to wait before something is tried again, and how often.
struct BackoffOptions {
  std::uint64_t attempts = without_end;  ///< how many times in a row it is tried again; 0: never
  std::chrono::nanoseconds from = std::chrono::milliseconds(100);  ///< before the first time
  std::chrono::nanoseconds to = std::chrono::seconds(30);          ///< never longer
  double factor = 2;  ///< each pause to the one before; at least 1
  /// A pause is shorter by up to this part of it, 0 to 1, at random: those who lost the same thing at the
  /// same moment should not all come back together.
  double jitter = 0.5;
  std::optional<std::uint32_t> seed = {};  ///< of the random numbers; otherwise each has others
};

/// The pauses of one who tries again and again.
///
///     Backoff backoff(options);
///     while (!connected) {
///       const auto pause = backoff.next();
///       if (!pause) throw;                       // often enough
///       co_await sleep_for(*pause);
///     }
///     backoff.reset();
class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options);

  /// Before the next attempt; none when there have been enough.
  std::optional<std::chrono::nanoseconds> next();
  /// It went well: attempts and pauses begin anew.
  void reset() noexcept;

 private:
  BackoffOptions options_;
  std::chrono::nanoseconds pause_;
  std::uint64_t made_ = 0;
  std::minstd_rand random_;
};

}  // namespace coyield::generators
