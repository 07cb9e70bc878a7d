#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace coyield::generators {

/// A stretch of time through which the clocks of a zone stand at the same distance from UTC.
struct ZonePeriod {
  std::chrono::sys_seconds begin = std::chrono::sys_seconds::min();
  std::chrono::sys_seconds end = std::chrono::sys_seconds::max();  ///< no longer in it
  std::chrono::seconds offset{0};                                  ///< of local time, ahead of UTC
};

/// When the clocks of a zone are set, year after year, as POSIX writes it in the variable TZ and as time zone
/// files end (RFC 8536): `CET-1CEST,M3.5.0,M10.5.0/3`, or `<+03>-3` where they never are.
class ZoneRule {
 public:
  /// None where it is no such rule, and for one that says when summer is not.
  static std::optional<ZoneRule> parse(std::string_view text) noexcept;

  ZonePeriod at(std::chrono::sys_seconds time) const noexcept;

 private:
  struct Day {
    enum class Kind : unsigned char {
      without_leap_day,  ///< `J60`, the 1st of March in each year
      with_leap_day,     ///< `59`, from 0
      of_month,          ///< `M3.5.0`: of March the last Sunday
    } kind = Kind::of_month;
    int month = 1;
    int week = 1;  ///< 5: the last
    int day = 0;   ///< of the week, or of the year
    std::chrono::seconds time = std::chrono::hours(2);

    std::chrono::local_seconds in(std::chrono::year year) const noexcept;
  };
  struct Summer {
    std::chrono::seconds offset{0};
    Day begin = {};
    Day end = {};
  };
  class Reader;

  std::chrono::seconds offset_{0};
  std::optional<Summer> summer_ = {};
};

}  // namespace coyield::generators
