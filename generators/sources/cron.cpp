#include <coyield/generators/sources/cron.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <span>
#include <string>

namespace coyield::generators {

namespace {

using config::in_quotes;
using config::Mistake;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::year_month_day;
using Mistakes = std::vector<Mistake>;

constexpr std::string_view blanks = " \t";
/// What comes at all comes within 40 years: on a 29th of February that is a certain day of the week.
constexpr days horizon(50 * 366);

constexpr std::array<std::string_view, 12> month_names = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> weekday_names = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

struct Field {
  std::string_view name;
  int first;
  int last;
  std::span<const std::string_view> names = {};  ///< of its values, from the first on
  std::uint64_t CronExpression::Fields::* bits;

  bool of_weekdays() const noexcept { return last == 6; }
};

constexpr std::array<Field, 6> all_fields = {
    {{.name = "second", .first = 0, .last = 59, .bits = &CronExpression::Fields::seconds},
     {.name = "minute", .first = 0, .last = 59, .bits = &CronExpression::Fields::minutes},
     {.name = "hour", .first = 0, .last = 23, .bits = &CronExpression::Fields::hours},
     {.name = "day of the month", .first = 1, .last = 31, .bits = &CronExpression::Fields::days},
     {.name = "month", .first = 1, .last = 12, .names = month_names, .bits = &CronExpression::Fields::months},
     {.name = "day of the week",
      .first = 0,
      .last = 6,
      .names = weekday_names,
      .bits = &CronExpression::Fields::weekdays}}};

struct Nickname {
  std::string_view name;
  std::string_view expression;
};
constexpr Nickname nicknames[] = {
    {"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}};

char upper(char byte) noexcept { return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 32) : byte; }

bool same_letters(std::string_view one, std::string_view other) noexcept {
  return std::ranges::equal(one, other, {}, upper, upper);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = text.find_first_of(separators, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

std::optional<int> parse_number(std::string_view text) noexcept {
  unsigned number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || at != end || number > 1000) return std::nullopt;
  return static_cast<int>(number);
}

std::optional<int> parse_value(const Field& field, std::string_view text) noexcept {
  const auto named =
      std::ranges::find_if(field.names, [text](auto name) { return same_letters(name, text); });
  if (named != field.names.end()) return field.first + static_cast<int>(named - field.names.begin());
  const auto number = parse_number(text);
  const int last = field.of_weekdays() ? 7 : field.last;
  if (!number || *number < field.first || *number > last) return std::nullopt;
  return number;
}

Mistake no_value(const Field& field, std::string_view text) {
  if (text.empty())
    return {"the " + std::string(field.name) + " has an empty part", R"(write "*", or a number)"};
  std::string advice = "write " + std::to_string(field.first) + " to " + std::to_string(field.last);
  if (!field.names.empty())
    advice += ", or " + std::string(field.names.front()) + " to " + std::string(field.names.back());
  return {in_quotes(text) + " is no " + std::string(field.name), std::move(advice)};
}

struct Range {
  int first;
  int last;
};

/// `5`, `1-5` or `*`.
std::optional<Range> parse_range(const Field& field, std::string_view text, Mistakes& mistakes) {
  if (text == "*") return Range{field.first, field.last};
  const std::size_t dash = std::min(text.find('-'), text.size());
  const auto first = parse_value(field, text.substr(0, dash));
  if (!first) mistakes.push_back(no_value(field, text.substr(0, dash)));
  if (dash == text.size()) return first ? std::optional(Range{*first, *first}) : std::nullopt;
  const std::string_view behind = text.substr(dash + 1);
  auto last = parse_value(field, behind);
  if (!last) mistakes.push_back(no_value(field, behind));
  if (!first || !last) return std::nullopt;
  if (field.of_weekdays() && *last == 0 && *first != 0) last = 7;  // FRI-SUN
  if (*first <= *last) return Range{*first, *last};
  const std::string whole = std::to_string(*first) + '-' + std::to_string(field.last) + ',' +
                            std::to_string(field.first) + '-' + std::to_string(*last);
  mistakes.push_back({in_quotes(text) + " ends before it begins", "write " + in_quotes(whole)});
  return std::nullopt;
}

/// One part of a list: a range, and a step.
std::uint64_t parse_part(const Field& field, std::string_view text, Mistakes& mistakes) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view range_text = text.substr(0, slash);
  const auto range = parse_range(field, range_text, mistakes);
  int step = 1;
  if (slash != text.size()) {
    const auto given = parse_number(text.substr(slash + 1));
    if (!given || *given == 0) {
      mistakes.push_back(
          {in_quotes(text) + " has no step behind the slash", R"(write a number, as in "*/5")"});
      return 0;
    }
    step = *given;
    if (range && range->first == range->last) {
      const std::string whole =
          std::string(range_text) + '-' + std::to_string(field.last) + '/' + std::to_string(step);
      mistakes.push_back({in_quotes(text) + " has a step and no range", "write " + in_quotes(whole)});
      return 0;
    }
    if (range && step > range->last - range->first) {
      mistakes.push_back({in_quotes(text) + " steps over all but the first " + std::string(field.name),
                          "write " + in_quotes(std::to_string(range->first))});
      return 0;
    }
  }
  std::uint64_t bits = 0;
  if (!range) return bits;
  for (int value = range->first; value <= range->last; value += step) bits |= std::uint64_t{1} << value;
  return bits;
}

std::uint64_t parse_field(const Field& field, std::string_view text, Mistakes& mistakes) {
  std::uint64_t bits = 0;
  for (const std::string_view part : split(text, ",")) bits |= parse_part(field, part, mistakes);
  constexpr std::uint64_t seventh = 1 << 7;
  if (field.of_weekdays() && (bits & seventh) != 0) bits = (bits ^ seventh) | 1;
  return bits;
}

std::vector<std::string_view> split_fields(std::string_view text) {
  std::vector<std::string_view> fields = split(text, blanks);
  std::erase(fields, std::string_view());
  return fields;
}

Mistake wrong_number_of_fields(std::size_t number) {
  std::string what = "has " + std::to_string(number) + (number == 1 ? " field" : " fields");
  return {std::move(what),
          R"(write five: minute, hour, day of the month, month, day of the week, as in "0 9 * * MON-FRI"; )"
          "or six, with the second in front"};
}

constexpr bool has(std::uint64_t bits, unsigned value) noexcept { return ((bits >> value) & 1) != 0; }

constexpr int lowest(std::uint64_t bits) noexcept { return std::countr_zero(bits); }

/// The lowest value that is `least` or more; -1 for none.
constexpr int lowest_from(std::uint64_t bits, int least) noexcept {
  const std::uint64_t left = least > 63 ? 0 : bits >> least << least;
  return left == 0 ? -1 : lowest(left);
}

constexpr seconds time_of(int hour, int minute, int second) noexcept {
  return std::chrono::hours(hour) + std::chrono::minutes(minute) + seconds(second);
}

}  // namespace

std::optional<CronExpression> CronExpression::parse(std::string_view text, Mistakes& mistakes) {
  const std::size_t mistakes_before = mistakes.size();
  const std::string_view written = text;
  std::vector<std::string_view> fields = split_fields(text);
  if (fields.size() == 1 && fields.front().starts_with('@')) {
    const auto* const known = std::ranges::find_if(
        nicknames, [&fields](const Nickname& each) { return same_letters(each.name, fields.front()); });
    if (known == std::end(nicknames)) {
      mistakes.push_back({in_quotes(fields.front()) + " is no time",
                          R"(write "@hourly", "@daily", "@weekly", "@monthly", "@yearly", or five fields)"});
      return std::nullopt;
    }
    fields = split_fields(known->expression);
  }
  if (fields.size() != 5 && fields.size() != 6) {
    mistakes.push_back(wrong_number_of_fields(fields.size()));
    return std::nullopt;
  }
  Fields bits;
  const std::size_t left_out = all_fields.size() - fields.size();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Field& field = all_fields[left_out + i];
    bits.*field.bits = parse_field(field, fields[i], mistakes);
  }
  const auto day = fields.end() - 3;
  const auto weekday = fields.end() - 1;
  bits.either_day = !day->starts_with('*') && !weekday->starts_with('*');
  if (mistakes.size() != mistakes_before) return std::nullopt;
  const CronExpression cron(bits);
  if (cron.day_from(local_days())) return cron;
  mistakes.push_back({in_quotes(written) + " never comes", "name a day that its months have"});
  return std::nullopt;
}

bool CronExpression::every_hour() const noexcept { return fields_.hours == (1U << 24) - 1; }

local_seconds CronExpression::next_after(local_seconds time) const noexcept {
  const local_seconds from = time + seconds(1);
  const auto today = std::chrono::floor<days>(from);
  if (has_day(today)) {
    if (const auto time_of_day = time_from(from - today)) return today + *time_of_day;
  }
  // There is one, or it would not have been parsed.
  return *day_from(today + days(1)) +
         time_of(lowest(fields_.hours), lowest(fields_.minutes), lowest(fields_.seconds));
}

bool CronExpression::has_day(local_days day) const noexcept {
  const year_month_day date(day);
  if (!has(fields_.months, static_cast<unsigned>(date.month()))) return false;
  const bool in_month = has(fields_.days, static_cast<unsigned>(date.day()));
  const bool in_week = has(fields_.weekdays, std::chrono::weekday(day).c_encoding());
  return fields_.either_day ? in_month || in_week : in_month && in_week;
}

std::optional<local_days> CronExpression::day_from(local_days day) const noexcept {
  for (const local_days end = day + horizon; day < end;) {
    if (has_day(day)) return day;
    const year_month_day date(day);
    if (has(fields_.months, static_cast<unsigned>(date.month()))) {
      day += days(1);
    } else {
      day = local_days((date.year() / date.month() + months(1)) / 1);
    }
  }
  return std::nullopt;
}

std::optional<seconds> CronExpression::time_from(seconds time_of_day) const noexcept {
  const std::chrono::hh_mm_ss<seconds> clock(time_of_day);
  const int hour = static_cast<int>(clock.hours().count());
  const int minute = static_cast<int>(clock.minutes().count());
  if (has(fields_.hours, static_cast<unsigned>(hour))) {
    if (has(fields_.minutes, static_cast<unsigned>(minute))) {
      const int second = lowest_from(fields_.seconds, static_cast<int>(clock.seconds().count()));
      if (second >= 0) return time_of(hour, minute, second);
    }
    const int later = lowest_from(fields_.minutes, minute + 1);
    if (later >= 0) return time_of(hour, later, lowest(fields_.seconds));
  }
  const int later = lowest_from(fields_.hours, hour + 1);
  if (later < 0) return std::nullopt;
  return time_of(later, lowest(fields_.minutes), lowest(fields_.seconds));
}

}  // namespace coyield::generators
