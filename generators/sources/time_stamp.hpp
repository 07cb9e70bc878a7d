#pragma once

#include <chrono>
#include <coyield/generators/json_value.hpp>
#include <optional>
#include <string_view>

namespace coyield::generators {

/// How a time is written in an item.
enum class TimeFormat : unsigned char {
  guess,  ///< texts as rfc3339, and numbers by their size: any time from 1973 to 2261 comes out right
  seconds,
  milliseconds,
  microseconds,
  nanoseconds,
  rfc3339,
};

/// `auto`, `s`, `ms`, `us`, `ns` or `rfc3339`.
TimeFormat parse_time_format(std::string_view name) noexcept;

/// The time that a value says, since 1970-01-01 UTC; numbers may have fractions. None where it is none in
/// this format, or beyond what 64 bits of nanoseconds hold.
std::optional<std::chrono::nanoseconds> time_of(const JsonValue& value, TimeFormat format);

}  // namespace coyield::generators
