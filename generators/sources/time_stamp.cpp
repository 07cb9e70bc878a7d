#include <coyield/generators/sources/time_stamp.hpp>

#include <charconv>
#include <cmath>
#include <coyield/generators/rfc3339.hpp>
#include <cstdint>

namespace coyield::generators {

namespace {

using std::chrono::nanoseconds;

/// In nanoseconds.
std::int64_t unit_of(TimeFormat format) noexcept {
  switch (format) {
    case TimeFormat::seconds:
      return 1'000'000'000;
    case TimeFormat::milliseconds:
      return 1'000'000;
    case TimeFormat::microseconds:
      return 1000;
    default:
      return 1;
  }
}

TimeFormat guess(double number) noexcept {
  const double size = std::abs(number);
  if (size < 1e11) return TimeFormat::seconds;
  if (size < 1e14) return TimeFormat::milliseconds;
  return size < 1e17 ? TimeFormat::microseconds : TimeFormat::nanoseconds;
}

/// Whole numbers exactly, others as far as a double goes: to a quarter of a microsecond, in seconds.
std::optional<nanoseconds> time_of_number(std::string_view raw, TimeFormat format) noexcept {
  const char* const end = raw.data() + raw.size();
  double number = 0;
  if (std::from_chars(raw.data(), end, number).ec != std::errc()) return std::nullopt;
  const std::int64_t unit = unit_of(format == TimeFormat::guess ? guess(number) : format);
  std::int64_t whole = 0;
  const auto [at, error] = std::from_chars(raw.data(), end, whole);
  if (at == end && error == std::errc()) {
    if (__builtin_mul_overflow(whole, unit, &whole)) return std::nullopt;
    return nanoseconds(whole);
  }
  constexpr double most = 9.2e18;
  const auto scale = static_cast<double>(unit);
  if (!(std::abs(number * scale) < most)) return std::nullopt;
  // Apart, since the product has no digits left for the fraction.
  double units = 0;
  const double fraction = std::modf(number, &units);
  return nanoseconds(static_cast<std::int64_t>(units) * unit + std::llround(fraction * scale));
}

}  // namespace

TimeFormat parse_time_format(std::string_view name) noexcept {
  if (name == "s") return TimeFormat::seconds;
  if (name == "ms") return TimeFormat::milliseconds;
  if (name == "us") return TimeFormat::microseconds;
  if (name == "ns") return TimeFormat::nanoseconds;
  return name == "rfc3339" ? TimeFormat::rfc3339 : TimeFormat::guess;
}

std::optional<nanoseconds> time_of(const JsonValue& value, TimeFormat format) {
  if (value.kind() == JsonValue::Kind::number && format != TimeFormat::rfc3339)
    return time_of_number(value.raw(), format);
  if (value.kind() == JsonValue::Kind::text && (format == TimeFormat::rfc3339 || format == TimeFormat::guess))
    return parse_rfc3339(value.text());
  return std::nullopt;
}

}  // namespace coyield::generators
