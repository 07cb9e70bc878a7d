#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "histogram.hpp"
#include "report.hpp"

namespace coyield::bench {

/// Nanoseconds since 1970, from the clock that the items carry.
std::uint64_t wall_clock();

/// How late each item is: its arrival here against the time that it carries, which is when it was due.
class Lateness {
 public:
  /// From now on it counts.
  void begin() { measuring_ = true; }
  void item(std::string_view text);
  void report(Report& report) const;

 private:
  /// How the items lie in the second: 1 is evenly, 100 is all in the same 10 ms.
  double unevenness() const;

  bool measuring_ = false;
  Histogram late_;
  std::vector<std::uint64_t> per_10ms_ = std::vector<std::uint64_t>(100);
};

}  // namespace coyield::bench
