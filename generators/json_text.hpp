#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/utf8.hpp>
#include <string>
#include <string_view>

namespace coyield::generators {

// JSON (RFC 8259) written at the end of a buffer, without a tree. For integers see integer_text.hpp.

/// Appends `text` as a JSON string with its quotes. What is not UTF-8 becomes U+FFFD.
void append_json_string(Buffer& out, std::string_view text);

/// The name of an object's member as it stands in JSON, with its quotes and the colon.
std::string json_member_start(std::string_view name);

/// Appends the shortest text that reads back as the same number: 5, 0.1, 1e+300. What JSON has no numbers
/// for, the infinities and what is no number, is `null`.
void append_number(Buffer& out, double number);
/// The same for a `float`: 0.1f is 0.1.
void append_number(Buffer& out, float number);

/// Appends the Base64 of `bytes` (RFC 4648, with padding), without quotes.
void append_base64(Buffer& out, std::string_view bytes);
std::string base64(std::string_view bytes);

}  // namespace coyield::generators
