#pragma once

#include <chrono>
#include <coyield/generators/sources/cron.hpp>
#include <coyield/generators/sources/time_zone.hpp>

namespace coyield::generators {

/// The moments at which a cron expression is due in a time zone.
///
/// What is due at a time of day that the clocks are set forward over is due at the moment at which they are;
/// at one that comes twice, because they are set back, the first time. An expression that says nothing of the
/// hour goes by real time instead: every 10 minutes is every 10 minutes then too.
class DueTimes {
 public:
  DueTimes(const CronExpression& cron, TimeZone zone) : cron_(cron), zone_(std::move(zone)) {}

  std::chrono::sys_seconds next_after(std::chrono::sys_seconds time) const noexcept;
  /// The last one that is not after `until`; there must be one that is after `time`.
  std::chrono::sys_seconds last_between(std::chrono::sys_seconds time,
                                        std::chrono::sys_seconds until) const noexcept;

 private:
  std::chrono::sys_seconds next_in_real_time(std::chrono::sys_seconds time) const noexcept;

  CronExpression cron_;
  TimeZone zone_;
};

}  // namespace coyield::generators
