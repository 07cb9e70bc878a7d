#pragma once

#include <coyield/config/mistake.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {

/// A place in a JSON text (RFC 6901), as names and indices from the outside inwards. Without any it is the
/// whole text.
struct JsonPointer {
  std::vector<std::string> tokens;

  bool operator==(const JsonPointer&) const = default;
};

/// Reads `/user/name`, `/tags/0`, `/a~1b` (the member `a/b`), or the empty text. Whatever else people write
/// for a place (`name`, `user.name`, `$.user.name`, `#/user`) is a mistake that says how it is written here.
/// Deeper than `max_json_depth` is a mistake too, since items are not.
config::Checked<JsonPointer> parse_pointer(std::string_view text);

/// As it is written: `/user/name`.
std::string to_string(const JsonPointer& pointer);

/// The place in an array that a token stands for, if it stands for one: `0`, `17`, but not `01` or `-`.
std::optional<std::size_t> array_index(std::string_view token) noexcept;

}  // namespace coyield::generators
