#pragma once

#include <chrono>
#include <coyield/generators/buffer.hpp>
#include <optional>
#include <string_view>

namespace coyield::generators {

// Times as RFC 3339 writes them, and nanoseconds since 1970-01-01 UTC.

/// Appends `2026-11-26T09:00:00Z`, with as many decimals of a second as there are: `09:00:00.25Z`.
void append_rfc3339(Buffer& out, std::chrono::nanoseconds time);

/// Reads `2026-11-26T09:00:00Z` and `2026-11-26T10:00:00.25+01:00`. A blank may stand for the `T`, and small
/// letters for both. What is finer than a nanosecond is cut off; a leap second is the second behind it.
/// Nothing where it is anything else, has no offset, or cannot be counted in 64 bits (1678 to 2261 can).
std::optional<std::chrono::nanoseconds> parse_rfc3339(std::string_view text) noexcept;

}  // namespace coyield::generators
