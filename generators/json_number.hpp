#pragma once

#include <compare>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <utility>
#include <variant>

namespace coyield::generators {

/// A number of a JSON text, to be compared by its value: 1, 1.0 and 1e0 are equal.
///
/// Whole numbers that fit 64 bits (signed or not) are exact, also where they are compared with fractions and
/// with numbers beyond 2^53. All others are what a double makes of them; those beyond a double's range count
/// as infinite.
class JsonNumber {
 public:
  explicit JsonNumber(std::int64_t value) noexcept : value_(value) {}
  explicit JsonNumber(std::uint64_t value) noexcept : value_(value) {
    if (value <= INT64_MAX) value_ = static_cast<std::int64_t>(value);
  }
  explicit JsonNumber(double value) noexcept : value_(value) {}
  /// `number` must hold one.
  explicit JsonNumber(const nlohmann::json& number);

  /// `text` must be a number as JSON writes it.
  static JsonNumber parse(std::string_view text) noexcept;

  std::partial_ordering operator<=>(const JsonNumber& other) const noexcept;
  bool operator==(const JsonNumber& other) const noexcept { return (*this <=> other) == 0; }

  /// Calls `visitor` with a std::int64_t, or with a std::uint64_t where it is beyond that, or with a double.
  template <class Visitor>
  decltype(auto) visit(Visitor&& visitor) const {
    return std::visit(std::forward<Visitor>(visitor), value_);
  }

 private:
  // A std::uint64_t is always beyond what a std::int64_t holds.
  std::variant<std::int64_t, std::uint64_t, double> value_;
};

}  // namespace coyield::generators
