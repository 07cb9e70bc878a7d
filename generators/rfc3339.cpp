#include <coyield/generators/rfc3339.hpp>

#include <cstdint>

namespace coyield::generators {

namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

char* write_digits(char* out, unsigned number, int digits) noexcept {
  for (char* at = out + digits; at != out; number /= 10) *--at = static_cast<char>('0' + number % 10);
  return out + digits;
}

/// Takes a text apart from its beginning.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return rest_.empty(); }
  /// One of these characters.
  bool take(std::string_view any_of) noexcept {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_digit(int& digit) noexcept {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return false;
    digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly so many digits, and a number within the bounds.
  bool take_number(int digits, int least, int most, int& number) noexcept {
    number = 0;
    for (int digit = 0; digits > 0; --digits) {
      if (!take_digit(digit)) return false;
      number = 10 * number + digit;
    }
    return number >= least && number <= most;
  }
  bool take_decimals(nanoseconds& part) noexcept {
    part = nanoseconds(0);
    int digit = 0;
    if (!take_digit(digit)) return false;
    int weight = 100'000'000;
    do {
      part += nanoseconds(digit * weight);
      weight /= 10;
    } while (take_digit(digit));
    return true;
  }

 private:
  std::string_view rest_;
};

bool take_date(Reader& text, sys_days& date) noexcept {
  int year = 0;
  int month = 0;
  int day = 0;
  const bool read = text.take_number(4, 1678, 2261, year) && text.take("-") &&
                    text.take_number(2, 1, 12, month) && text.take("-") && text.take_number(2, 1, 31, day);
  if (!read) return false;
  const year_month_day whole(std::chrono::year{year}, std::chrono::month(static_cast<unsigned>(month)),
                             std::chrono::day(static_cast<unsigned>(day)));
  date = whole;
  return whole.ok();
}

bool take_time(Reader& text, nanoseconds& time) noexcept {
  int hour = 0;
  int minute = 0;
  int second = 0;
  const bool read = text.take_number(2, 0, 23, hour) && text.take(":") &&
                    text.take_number(2, 0, 59, minute) && text.take(":") &&
                    text.take_number(2, 0, 60, second);
  if (!read) return false;
  time = hours(hour) + minutes(minute) + seconds(second);
  if (!text.take(".")) return true;
  nanoseconds part{0};
  if (!text.take_decimals(part)) return false;
  time += part;
  return true;
}

bool take_offset(Reader& text, nanoseconds& offset) noexcept {
  offset = nanoseconds(0);
  if (text.take("Zz")) return true;
  const bool behind_utc = text.take("-");
  if (!behind_utc && !text.take("+")) return false;
  int hour = 0;
  int minute = 0;
  if (!text.take_number(2, 0, 23, hour) || !text.take(":") || !text.take_number(2, 0, 59, minute))
    return false;
  offset = hours(hour) + minutes(minute);
  if (behind_utc) offset = -offset;
  return true;
}

}  // namespace

void append_rfc3339(Buffer& out, nanoseconds time) {
  // By hand: the second in which the first nanosecond of all lies cannot be counted in nanoseconds.
  constexpr std::int64_t unit = 1'000'000'000;
  const bool borrow = time.count() % unit < 0;
  const seconds whole(time.count() / unit - (borrow ? 1 : 0));
  const auto part = static_cast<unsigned>(time.count() % unit + (borrow ? unit : 0));
  const auto date = std::chrono::floor<days>(whole);
  const year_month_day day{sys_days(date)};
  const std::chrono::hh_mm_ss<seconds> clock(whole - date);
  char* end = out.prepare(32);
  end = write_digits(end, static_cast<unsigned>(static_cast<int>(day.year())), 4);
  *end++ = '-';
  end = write_digits(end, static_cast<unsigned>(day.month()), 2);
  *end++ = '-';
  end = write_digits(end, static_cast<unsigned>(day.day()), 2);
  *end++ = 'T';
  end = write_digits(end, static_cast<unsigned>(clock.hours().count()), 2);
  *end++ = ':';
  end = write_digits(end, static_cast<unsigned>(clock.minutes().count()), 2);
  *end++ = ':';
  end = write_digits(end, static_cast<unsigned>(clock.seconds().count()), 2);
  if (part != 0) {
    *end++ = '.';
    end = write_digits(end, part, 9);
    while (end[-1] == '0') --end;
  }
  *end++ = 'Z';
  out.commit_to(end);
}

std::optional<nanoseconds> parse_rfc3339(std::string_view text) noexcept {
  Reader reader(text);
  sys_days date;
  nanoseconds time{0};
  nanoseconds offset{0};
  const bool read = take_date(reader, date) && reader.take("Tt ") && take_time(reader, time) &&
                    take_offset(reader, offset) && reader.at_end();
  if (!read) return std::nullopt;
  return nanoseconds(date.time_since_epoch()) + time - offset;
}

}  // namespace coyield::generators
