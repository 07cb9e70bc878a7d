#include <coyield/generators/sources/due_times.hpp>

#include <algorithm>

namespace coyield::generators {

namespace {

using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

local_seconds to_local(sys_seconds time, seconds offset) noexcept {
  return local_seconds(time.time_since_epoch() + offset);
}

/// The last time of day that the clocks have shown by then. Once they have been set back, that is the one at
/// which they were, until they get there again.
local_seconds last_shown(const TimeZone& zone, sys_seconds time) noexcept {
  const ZonePeriod period = zone.at(time);
  const local_seconds shown = to_local(time, period.offset);
  if (period.begin == sys_seconds::min()) return shown;
  const sys_seconds before = period.begin - seconds(1);
  return std::max(shown, to_local(before, zone.at(before).offset));
}

}  // namespace

sys_seconds DueTimes::next_after(sys_seconds time) const noexcept {
  if (cron_.every_hour()) return next_in_real_time(time);
  return zone_.to_utc(cron_.next_after(last_shown(zone_, time)));
}

sys_seconds DueTimes::next_in_real_time(sys_seconds time) const noexcept {
  for (ZonePeriod period = zone_.at(time);; period = zone_.at(period.end)) {
    const local_seconds next = cron_.next_after(to_local(time, period.offset));
    const sys_seconds due(next.time_since_epoch() - period.offset);
    if (due < period.end) return due;
    time = period.end - seconds(1);
  }
}

sys_seconds DueTimes::last_between(sys_seconds time, sys_seconds until) const noexcept {
  // By halves: behind `time` there is one, behind `none_behind` there is none.
  for (sys_seconds none_behind = until; none_behind - time > seconds(1);) {
    const sys_seconds middle = time + (none_behind - time) / 2;
    if (next_after(middle) <= until) {
      time = middle;
    } else {
      none_behind = middle;
    }
  }
  return next_after(time);
}

}  // namespace coyield::generators
