#pragma once

#include <coyield/generators/buffer.hpp>
#include <string_view>

namespace coyield::generators {

/// Whether `text` is valid UTF-8 (RFC 3629: nothing overlong, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text) noexcept;

/// U+FFFD, which stands for what is not valid.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// A beginning of a text: characters that are valid, and what follows them and is not.
struct Utf8Run {
  std::string_view valid;   ///< as far as possible; may be empty
  std::size_t invalid = 0;  ///< bytes behind `valid` that one U+FFFD stands for; 0 at the end of the text
};

/// Cuts a text as the WHATWG's decoder does (Unicode's "maximal subparts"), so that it is replaced everywhere
/// just as browsers replace it.
Utf8Run next_utf8_run(std::string_view text) noexcept;

/// Appends `text` with U+FFFD in the place of what is not UTF-8.
void append_utf8(Buffer& out, std::string_view text);

}  // namespace coyield::generators
