#pragma once
#include <chrono>
#include <coyield/config/mistake.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace coyield::config {

/// A number of bytes, of a type of its own, so that it is not taken for a count.
struct Size {
  std::uint64_t bytes = 0;

  auto operator<=>(const Size&) const = default;
};

/// Reads a duration: a number with at most nine decimals and one of the units `ns us ms s m h`, without
/// blanks and without sign, as in `250ms`, `1.5s`, `10m`. What is finer than a nanosecond or longer than some
/// 292 years is a mistake, and so is a number without a unit.
Checked<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Reads a size: a number and one of the units `B KB MB GB TB` (powers of 1000) or `KiB MiB GiB TiB` (powers
/// of 1024), as in `64KiB`, `1.5MB`, `512B`. It must come to whole bytes.
Checked<Size> parse_size(std::string_view text);

/// The shortest text that reads back as the same value: `1.5s` rather than `1500ms`, `90s` rather than
/// `1.5m`.
std::string format_duration(std::chrono::nanoseconds duration);
std::string format_size(Size size);

}  // namespace coyield::config
