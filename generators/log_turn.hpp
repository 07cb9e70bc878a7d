#pragma once

#include <algorithm>
#include <chrono>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/shared_log.hpp>
#include <cstdint>

namespace coyield::generators {

/// How much may be appended to a log in a row. Its subscribers run between two turns: in one, nobody who
/// keeps up may fall behind by more than half of what is allowed, and what else the loop has to do waits for
/// 2 ms at the most.
class LogTurn {
 public:
  LogTurn(Loop& loop, const SharedLog& log)
      : loop_(loop),
        log_(log),
        end_(log.log().end() + std::clamp<std::uint64_t>(log.options().queue.items / 2, 1, most_items)),
        bytes_(log.log().bytes_ever()),
        due_(loop.now() + length) {}

  bool over() const {
    const std::uint64_t end = log_.log().end();
    if (end >= end_ || log_.log().bytes_ever() - bytes_ > log_.options().queue.bytes / 2) return true;
    return end % items_per_look == 0 && loop_.now() >= due_;
  }

 private:
  static constexpr std::uint64_t most_items = 512;
  static constexpr std::uint64_t items_per_look = 32;  // at the clock
  static constexpr std::chrono::milliseconds length{2};

  Loop& loop_;
  const SharedLog& log_;
  std::uint64_t end_;
  std::uint64_t bytes_;
  std::chrono::nanoseconds due_;
};

}  // namespace coyield::generators
