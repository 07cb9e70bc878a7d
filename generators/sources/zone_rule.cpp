#include <coyield/generators/sources/zone_rule.hpp>

#include <algorithm>
#include <array>

namespace coyield::generators {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::year;
using std::chrono::year_month_day;

bool is_letter(char byte) noexcept { return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z'); }

/// The same moment, for a clock that is ahead of UTC by `offset`.
sys_seconds to_utc(local_seconds time, seconds offset) noexcept {
  return sys_seconds(time.time_since_epoch() - offset);
}

}  // namespace

class ZoneRule::Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }
  bool take(char byte) noexcept {
    if (!rest_.starts_with(byte)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// `CET`, or `<+0330>`. Nobody asks for it.
  bool take_name() noexcept {
    const bool in_brackets = take('<');
    std::size_t size = 0;
    while (size < rest_.size() && (in_brackets ? rest_[size] != '>' : is_letter(rest_[size]))) ++size;
    rest_.remove_prefix(size);
    return size >= 3 && (!in_brackets || take('>'));
  }
  bool take_number(int least, int most, int& number) noexcept {
    number = 0;
    std::size_t size = 0;
    for (; size < rest_.size() && size < 3 && rest_[size] >= '0' && rest_[size] <= '9'; ++size)
      number = 10 * number + (rest_[size] - '0');
    rest_.remove_prefix(size);
    return size != 0 && number >= least && number <= most;
  }
  /// `1`, `-3:30`, `+167:59:59`.
  bool take_time(int most_hours, seconds& time) noexcept {
    const bool negative = take('-');
    if (!negative) take('+');
    int hour = 0;
    int minute = 0;
    int second = 0;
    if (!take_number(0, most_hours, hour)) return false;
    if (take(':') && !take_number(0, 59, minute)) return false;
    if (take(':') && !take_number(0, 59, second)) return false;
    time = hours(hour) + minutes(minute) + seconds(second);
    if (negative) time = -time;
    return true;
  }
  /// POSIX counts how far a zone is behind UTC.
  bool take_offset(seconds& offset) noexcept {
    if (!take_time(24, offset)) return false;
    offset = -offset;
    return true;
  }
  bool take_day(Day& day) noexcept {
    bool read = false;
    if (take('J')) {
      day.kind = Day::Kind::without_leap_day;
      read = take_number(1, 365, day.day);
    } else if (take('M')) {
      day.kind = Day::Kind::of_month;
      read = take_number(1, 12, day.month) && take('.') && take_number(1, 5, day.week) && take('.') &&
             take_number(0, 6, day.day);
    } else {
      day.kind = Day::Kind::with_leap_day;
      read = take_number(0, 365, day.day);
    }
    return read && (!take('/') || take_time(167, day.time));
  }
  bool take_summer(seconds standard, Summer& summer) noexcept {
    if (!take_name()) return false;
    summer.offset = standard + hours(1);
    if (!take(',') && (!take_offset(summer.offset) || !take(','))) return false;
    return take_day(summer.begin) && take(',') && take_day(summer.end);
  }

 private:
  std::string_view rest_;
};

std::optional<ZoneRule> ZoneRule::parse(std::string_view text) noexcept {
  Reader reader(text);
  ZoneRule rule;
  if (!reader.take_name() || !reader.take_offset(rule.offset_)) return std::nullopt;
  if (reader.at_end()) return rule;
  Summer summer;
  if (!reader.take_summer(rule.offset_, summer) || !reader.at_end()) return std::nullopt;
  rule.summer_ = summer;
  return rule;
}

local_seconds ZoneRule::Day::in(year which) const noexcept {
  const local_days first(which / 1 / 1);
  switch (kind) {
    case Kind::without_leap_day:
      return first + days(day - 1 + (which.is_leap() && day >= 60 ? 1 : 0)) + time;
    case Kind::with_leap_day:
      return first + days(day) + time;
    case Kind::of_month:
      break;
  }
  const std::chrono::weekday wanted(static_cast<unsigned>(day));
  const auto in_month = which / month;
  if (week == 5) return local_days(in_month / wanted[std::chrono::last]) + time;
  return local_days(in_month / wanted[static_cast<unsigned>(week)]) + time;
}

ZonePeriod ZoneRule::at(sys_seconds time) const noexcept {
  if (!summer_) return {.offset = offset_};
  // A day may be up to a week away from its year.
  const year this_year = year_month_day(std::chrono::floor<days>(time)).year();
  std::array<ZonePeriod, 10> changes;  // of each, `begin` and `offset`
  auto* end = changes.begin();
  for (int i = -2; i <= 2; ++i) {
    const year near = this_year + std::chrono::years(i);
    *end++ = {.begin = to_utc(summer_->end.in(near), summer_->offset), .offset = offset_};
    *end++ = {.begin = to_utc(summer_->begin.in(near), offset_), .offset = summer_->offset};
  }
  // Of two at the same moment the summer wins: that is how a zone is written in which it never ends.
  const auto earlier = [this](const ZonePeriod& one, const ZonePeriod& other) {
    if (one.begin != other.begin) return one.begin < other.begin;
    return one.offset != summer_->offset && other.offset == summer_->offset;
  };
  std::ranges::sort(changes, earlier);
  const auto* const next = std::ranges::upper_bound(changes, time, {}, &ZonePeriod::begin);
  ZonePeriod period = *(next - 1);
  period.end = next->begin;
  return period;
}

}  // namespace coyield::generators
