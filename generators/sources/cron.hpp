#pragma once

#include <chrono>
#include <coyield/config/mistake.hpp>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace coyield::generators {

/// Dates and times of day as cron(8) has them: five fields, for the minute, hour, day of the month, month and
/// day of the week, or six with the second in front.
///
///     std::vector<config::Mistake> mistakes;
///     const auto cron = CronExpression::parse("0 9 * * MON-FRI", mistakes);
///     if (cron) next = cron->next_after(now);
///
/// A field is `*`, a number, a range `1-5`, either of the last two of them with a step (`*/15`, `8-18/2`), or
/// a list of these: `1-5,10`. Months and days of the week have names too, in letters of any size; 0 and 7 are
/// Sunday. `@hourly`, `@daily` (or `@midnight`), `@weekly`, `@monthly` and `@yearly` (or `@annually`) stand
/// for what they say.
///
/// A day is meant when month, day of the month and day of the week are; where neither of the days' fields
/// begins with `*`, one of them is enough, as in Vixie's cron: `0 0 13 * FRI` is every 13th and every Friday.
///
/// It knows no time zone: its times are those of a clock on a wall that is never set.
class CronExpression {
 public:
  /// None where there are mistakes, which are added: one for each part that is wrong, or one for an
  /// expression that never comes, as on the 30th of February.
  static std::optional<CronExpression> parse(std::string_view text, std::vector<config::Mistake>& mistakes);

  std::chrono::local_seconds next_after(std::chrono::local_seconds time) const noexcept;
  /// It says nothing of the hour: it goes by the minutes of all of them.
  bool every_hour() const noexcept;

  /// A bit for each value that is meant.
  struct Fields {
    std::uint64_t seconds = 1;
    std::uint64_t minutes = 0;
    std::uint64_t hours = 0;
    std::uint64_t days = 0;      ///< of the month, from bit 1
    std::uint64_t months = 0;    ///< from bit 1
    std::uint64_t weekdays = 0;  ///< 0 is Sunday
    bool either_day = false;     ///< one of the days' fields is enough

    bool operator==(const Fields&) const = default;
  };
  bool operator==(const CronExpression&) const = default;

 private:
  explicit CronExpression(const Fields& fields) noexcept : fields_(fields) {}

  bool has_day(std::chrono::local_days day) const noexcept;
  std::optional<std::chrono::local_days> day_from(std::chrono::local_days day) const noexcept;
  std::optional<std::chrono::seconds> time_from(std::chrono::seconds time_of_day) const noexcept;

  Fields fields_;
};

}  // namespace coyield::generators
