#pragma once

#include <coyield/generators/buffer.hpp>
#include <string_view>

namespace coyield::generators {

/// How deep arrays and objects may be nested in JSON that comes from elsewhere. What reads JSON recursively
/// further on (nlohmann's `dump`, a client's parser) must not run out of stack.
inline constexpr unsigned max_json_depth = 512;

/// Whether raw line breaks may stand outside of strings. In an `Item`'s JSON text they may not.
enum class JsonLineBreaks : unsigned char { refused, allowed };

/// What came of checking a text.
enum class JsonVerdict : unsigned char {
  good,
  wrong,
  too_deep,  ///< it is nested beyond `max_depth`; what is behind that was not looked at
};

/// Whether `text` is exactly one JSON text (RFC 8259) that every operator and format can work with.
///
/// Refused beside what the grammar refuses: invalid UTF-8, nesting beyond `max_depth`, an escaped
/// surrogate without its other half (JSON libraries differ in what they make of it), and line breaks outside
/// of strings unless they are allowed; cut the `\r` off a line first. Numbers may have any size: nothing
/// reads them here, so that they keep their digits. Needs no padding behind the text and allocates nothing.
/// `max_depth` is at most `max_json_depth`.
JsonVerdict check_json(std::string_view text, JsonLineBreaks line_breaks = JsonLineBreaks::refused,
                       unsigned max_depth = max_json_depth) noexcept;
inline bool is_json(std::string_view text, JsonLineBreaks line_breaks = JsonLineBreaks::refused) noexcept {
  return check_json(text, line_breaks) == JsonVerdict::good;
}

/// Appends JSON that is known to be valid without the blanks and line breaks outside of its strings.
void append_compact_json(Buffer& out, std::string_view json);

}  // namespace coyield::generators
