#include <coyield/generators/json_number.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace coyield::generators {

namespace {

constexpr double two_to_63 = 9223372036854775808.0;
constexpr double two_to_64 = 18446744073709551616.0;

/// How a whole number stands to a double. Making a double of it would round it beyond 2^53.
std::partial_ordering compare(std::int64_t whole, double other) noexcept {
  if (std::isnan(other)) return std::partial_ordering::unordered;
  if (other >= two_to_63) return std::partial_ordering::less;
  if (other < -two_to_63) return std::partial_ordering::greater;
  const double floor = std::floor(other);
  const auto order = whole <=> static_cast<std::int64_t>(floor);
  return order == 0 && floor < other ? std::partial_ordering::less : std::partial_ordering(order);
}

/// The whole number is at least 2^63, where a double has no fraction.
std::partial_ordering compare(std::uint64_t whole, double other) noexcept {
  if (std::isnan(other)) return std::partial_ordering::unordered;
  if (other < two_to_63) return std::partial_ordering::greater;
  if (other >= two_to_64) return std::partial_ordering::less;
  return whole <=> static_cast<std::uint64_t>(other);
}

std::partial_ordering compare(std::int64_t, std::uint64_t) noexcept { return std::partial_ordering::less; }
template <class T>
std::partial_ordering compare(T one, T other) noexcept {
  return one <=> other;
}
std::partial_ordering reversed(std::partial_ordering order) noexcept {
  if (order == 0 || order == std::partial_ordering::unordered) return order;
  return order < 0 ? std::partial_ordering::greater : std::partial_ordering::less;
}
std::partial_ordering compare(double one, std::int64_t whole) noexcept {
  return reversed(compare(whole, one));
}
std::partial_ordering compare(double one, std::uint64_t whole) noexcept {
  return reversed(compare(whole, one));
}
std::partial_ordering compare(std::uint64_t, std::int64_t) noexcept { return std::partial_ordering::greater; }

/// Whether a number that no double holds is too large for one, and not too small: by the place of its first
/// digit that counts, in front of the point or behind it, moved by the exponent.
bool is_huge(std::string_view text) noexcept {
  const std::size_t exponent_at = std::min(text.find_first_of("eE"), text.size());
  const std::string_view digits = text.substr(0, exponent_at);
  const std::size_t point = std::min(digits.find('.'), digits.size());
  const std::size_t first = std::min(digits.find_first_of("123456789"), digits.size());
  const auto place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  std::string_view exponent = text.substr(std::min(exponent_at + 1, text.size()));
  if (exponent.starts_with('+')) exponent.remove_prefix(1);
  int moved = 0;
  const auto [end, error] = std::from_chars(exponent.data(), exponent.data() + exponent.size(), moved);
  if (error == std::errc::result_out_of_range) return !exponent.starts_with('-');
  return place + moved > 0;
}

template <class Whole>
std::optional<Whole> parse_whole(std::string_view text) noexcept {
  Whole value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

double parse_double(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc::result_out_of_range) return value;
  const double magnitude = is_huge(text) ? std::numeric_limits<double>::infinity() : 0.0;
  return text.starts_with('-') ? -magnitude : magnitude;
}

}  // namespace

JsonNumber::JsonNumber(const nlohmann::json& number) : JsonNumber(std::int64_t{0}) {
  if (number.is_number_unsigned()) {
    *this = JsonNumber(number.get<std::uint64_t>());
  } else if (number.is_number_integer()) {
    *this = JsonNumber(number.get<std::int64_t>());
  } else {
    *this = JsonNumber(number.get<double>());
  }
}

JsonNumber JsonNumber::parse(std::string_view text) noexcept {
  if (const auto whole = parse_whole<std::int64_t>(text)) return JsonNumber(*whole);
  if (const auto large = parse_whole<std::uint64_t>(text)) return JsonNumber(*large);
  return JsonNumber(parse_double(text));
}

std::partial_ordering JsonNumber::operator<=>(const JsonNumber& other) const noexcept {
  return std::visit([](auto a, auto b) { return compare(a, b); }, value_, other.value_);
}

}  // namespace coyield::generators
