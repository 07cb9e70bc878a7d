// Durations and sizes are read the same way: a decimal number times the factor of a unit, in whole numbers
// all the way, since 0.1 has no exact double and "0.1s" must be 100 ms to the nanosecond.
#include <algorithm>
#include <array>
#include <coyield/config/units.hpp>
#include <limits>
#include <span>

namespace coyield::config {
namespace {

__extension__ typedef unsigned __int128 Wide;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

/// What people write who think of another notation.
struct Alias {
  std::string_view wrong;
  std::string_view right;
};

struct Dimension {
  std::string_view noun;  // with its article
  std::span<const Unit> units;
  std::span<const Alias> aliases;
  std::array<std::string_view, 2> usual;  // units to suggest
  std::string_view unit_of_zero;
  std::string_view all_units;
  std::string_view finest;
  std::uint64_t maximum;
  std::string_view maximum_text;
};

constexpr std::array duration_units = {Unit{"ns", 1},
                                       Unit{"us", 1'000},
                                       Unit{"ms", 1'000'000},
                                       Unit{"s", 1'000'000'000},
                                       Unit{"m", 60'000'000'000},
                                       Unit{"h", 3'600'000'000'000}};
constexpr std::array duration_aliases = {
    Alias{"sec", "s"},      Alias{"secs", "s"},     Alias{"second", "s"},        Alias{"seconds", "s"},
    Alias{"min", "m"},      Alias{"mins", "m"},     Alias{"minute", "m"},        Alias{"minutes", "m"},
    Alias{"hr", "h"},       Alias{"hour", "h"},     Alias{"hours", "h"},         Alias{"msec", "ms"},
    Alias{"msecs", "ms"},   Alias{"millis", "ms"},  Alias{"milliseconds", "ms"}, Alias{"usec", "us"},
    Alias{"\u00B5s", "us"}, Alias{"\u03BCs", "us"}, Alias{"nsec", "ns"}};
constexpr Dimension durations{.noun = "a duration",
                              .units = duration_units,
                              .aliases = duration_aliases,
                              .usual = {"ms", "s"},
                              .unit_of_zero = "s",
                              .all_units = "the units are ns, us, ms, s, m and h",
                              .finest = "a nanosecond",
                              .maximum = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()),
                              .maximum_text = "2562047h"};

constexpr std::array size_units = {Unit{"B", 1},
                                   Unit{"KB", 1'000},
                                   Unit{"MB", 1'000'000},
                                   Unit{"GB", 1'000'000'000},
                                   Unit{"TB", 1'000'000'000'000},
                                   Unit{"KiB", 1ull << 10},
                                   Unit{"MiB", 1ull << 20},
                                   Unit{"GiB", 1ull << 30},
                                   Unit{"TiB", 1ull << 40}};
constexpr std::array size_aliases = {Alias{"k", "KiB"}, Alias{"K", "KiB"},   Alias{"M", "MiB"},
                                     Alias{"G", "GiB"}, Alias{"bytes", "B"}, Alias{"byte", "B"}};
constexpr Dimension sizes{.noun = "a size",
                          .units = size_units,
                          .aliases = size_aliases,
                          .usual = {"B", "KiB"},
                          .unit_of_zero = "B",
                          .all_units = "the units are B, KB, MB, GB, TB, KiB, MiB, GiB and TiB",
                          .finest = "a byte",
                          .maximum = std::numeric_limits<std::uint64_t>::max(),
                          .maximum_text = "16777215TiB"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool same_letters(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string write(std::string_view number, std::string_view unit) {
  return "\"" + std::string(number) + std::string(unit) + "\"";
}

/// What to write for a number alone. Who writes 65536 for a size has counted the bytes.
std::string examples(std::string_view number, const Dimension& dimension) {
  if (number == "0") return "write " + write(number, dimension.unit_of_zero);
  if (&dimension == &sizes && number.size() > 3 && number.find('.') == std::string_view::npos) {
    auto size = parse_size(std::string(number) + "B");
    if (size) return "write " + write(format_size(*size), "");
  }
  return "write " + write(number, dimension.usual[0]) + " or " + write(number, dimension.usual[1]);
}

/// The unit that was probably meant, or nothing.
std::string_view meant(std::string_view unit, const Dimension& dimension) {
  for (const auto& alias : dimension.aliases) {
    if (alias.wrong == unit || same_letters(alias.wrong, unit)) return alias.right;
  }
  for (const auto& known : dimension.units) {
    if (same_letters(known.name, unit)) return known.name;
  }
  return {};
}

struct Parts {
  std::string_view number;
  std::string_view whole;
  std::string_view decimals;
  std::string_view unit;
};

Parts split(std::string_view text) {
  auto digits_from = [&](std::size_t at) {
    return std::min(text.find_first_not_of("0123456789", at), text.size());
  };
  std::size_t end = digits_from(0);
  Parts parts{.number = {}, .whole = text.substr(0, end), .decimals = {}, .unit = {}};
  const bool point = end > 0 && end + 1 < text.size() && text[end] == '.';
  if (point && is_digit(text[end + 1])) {
    parts.decimals = text.substr(end + 1, digits_from(end + 1) - end - 1);
    end += 1 + parts.decimals.size();
  }
  parts.number = text.substr(0, end);
  parts.unit = text.substr(end);
  return parts;
}

Mistake no_number(std::string_view text, const Dimension& dimension) {
  if (text.starts_with('-')) return {in_quotes(text) + " is negative", examples("10", dimension)};
  if (text.starts_with('.') && text.size() > 1 && is_digit(text[1])) {
    return {in_quotes(text) + " lacks the digit before the point", "write " + write("0", text)};
  }
  return {in_quotes(text) + " is not " + std::string(dimension.noun), examples("10", dimension)};
}

Mistake wrong_unit(std::string_view text, const Parts& parts, const Dimension& dimension) {
  if (parts.unit.starts_with('.')) {
    const auto unit = parts.unit.substr(1);
    return {in_quotes(text) + " lacks the digit behind the point",
            unit.empty() ? examples(parts.number, dimension) : "write " + write(parts.number, unit)};
  }
  auto blanks = parts.unit.find_first_not_of(" \t");
  auto unit = blanks == std::string_view::npos ? std::string_view{} : parts.unit.substr(blanks);
  unit = unit.substr(0, unit.find_last_not_of(" \t") + 1);
  if (unit.empty()) return {in_quotes(text) + " has no unit", examples(parts.number, dimension)};
  auto known = std::ranges::find(dimension.units, unit, &Unit::name);
  if (known != dimension.units.end())
    return {in_quotes(text) + " has a blank in it", "write " + write(parts.number, unit)};
  if (auto right = meant(unit, dimension); !right.empty()) {
    return {in_quotes(text) + " has the unknown unit " + in_quotes(unit),
            "write " + write(parts.number, right)};
  }
  return {in_quotes(text) + " has the unknown unit " + in_quotes(unit), std::string(dimension.all_units)};
}

Mistake too_large(std::string_view text, const Dimension& dimension) {
  return {in_quotes(text) + " is too large", "the most is " + write(dimension.maximum_text, "")};
}

Mistake too_fine(std::string_view text, const Dimension& dimension) {
  return {in_quotes(text) + " is finer than " + std::string(dimension.finest), "write fewer decimals"};
}

Wide to_number(std::string_view digits) {
  Wide number = 0;
  for (char digit : digits) number = number * 10 + static_cast<unsigned>(digit - '0');
  return number;
}

Checked<std::uint64_t> scaled(std::string_view text, const Parts& parts, const Unit& unit,
                              const Dimension& dimension) {
  auto decimals = parts.decimals.substr(0, parts.decimals.find_last_not_of('0') + 1);
  if (decimals.size() > 9) return too_fine(text, dimension);
  if (parts.whole.size() > 20) return too_large(text, dimension);
  Wide divisor = 1;
  for (std::size_t i = 0; i < decimals.size(); ++i) divisor *= 10;
  const Wide part = to_number(decimals) * unit.factor;
  if (part % divisor != 0) return too_fine(text, dimension);
  const Wide total = to_number(parts.whole) * unit.factor + part / divisor;  // below 10^33
  if (total > dimension.maximum) return too_large(text, dimension);
  return static_cast<std::uint64_t>(total);
}

Checked<std::uint64_t> parse(std::string_view text, const Dimension& dimension) {
  auto parts = split(text);
  if (parts.number.empty()) return no_number(text, dimension);
  auto unit = std::ranges::find(dimension.units, parts.unit, &Unit::name);
  if (unit == dimension.units.end()) return wrong_unit(text, parts, dimension);
  return scaled(text, parts, *unit, dimension);
}

/// `value` in that unit, or nothing where it is less than one of it or takes more than nine decimals.
std::string written_in(std::uint64_t value, const Unit& unit) {
  if (value < unit.factor) return {};
  std::string text = std::to_string(value / unit.factor);
  std::uint64_t rest = value % unit.factor;
  if (rest > 0) text += '.';
  for (int i = 0; rest > 0 && i < 9; ++i) {
    text += static_cast<char>('0' + rest * 10 / unit.factor);
    rest = rest * 10 % unit.factor;
  }
  return rest > 0 ? std::string{} : text + std::string(unit.name);
}

std::string format(std::uint64_t value, const Dimension& dimension) {
  if (value == 0) return "0" + std::string(dimension.unit_of_zero);
  std::string best;
  for (const auto& unit : dimension.units) {
    auto text = written_in(value, unit);
    const bool whole = text.find('.') == std::string::npos;
    if (text.empty()) continue;
    if (best.empty() || text.size() < best.size() || (text.size() == best.size() && whole)) best = text;
  }
  return best;
}

}  // namespace

Checked<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  auto count = parse(text, durations);
  if (!count) return count.error();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(*count));
}

Checked<Size> parse_size(std::string_view text) {
  auto bytes = parse(text, sizes);
  if (!bytes) return bytes.error();
  return Size{*bytes};
}

std::string format_duration(std::chrono::nanoseconds duration) {
  const auto count = static_cast<std::uint64_t>(duration.count());
  return duration.count() < 0 ? "-" + format(0 - count, durations) : format(count, durations);
}

std::string format_size(Size size) { return format(size.bytes, sizes); }

}  // namespace coyield::config
