#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace coyield::generators::net::websocket {

/// Checks UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF) that arrives in pieces.
///
/// A piece may end within a code point; the next goes on from there. The first byte that no continuation
/// could make valid is found in the piece that holds it. Three bytes of state, no allocation; plain ASCII
/// goes 32 bytes a step.
///
///     Utf8Validator text;
///     if (!text.feed(first) || !text.feed(second) || !text.complete()) refuse();
class Utf8Validator {
 public:
  /// False when `bytes` cannot follow what was fed before. After that it is of no use.
  bool feed(std::string_view bytes);

  /// True when what was fed does not end within a code point.
  bool complete() const { return missing_ == 0; }

 private:
  bool begin(unsigned char lead);
  bool proceed(unsigned char byte);

  std::uint8_t missing_ = 0;    // continuation bytes still to come
  std::uint8_t lowest_ = 0x80;  // bounds of the next one: narrower than 80..BF after E0, ED, F0 and F4
  std::uint8_t highest_ = 0xBF;
};

}  // namespace coyield::generators::net::websocket
