#include <coyield/generators/net/websocket/utf8.hpp>

#include <cstring>

namespace coyield::generators::net::websocket {
namespace {

/// The first byte at or after `at` in a step that is not all ASCII; big steps, so that the compiler can use
/// vectors.
const char* skip_ascii(const char* at, const char* end) {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  std::uint64_t words[4];
  for (; end - at >= 32; at += 32) {
    std::memcpy(words, at, sizeof words);
    if (((words[0] | words[1] | words[2] | words[3]) & high_bits) != 0) break;
  }
  for (; end - at >= 8; at += 8) {
    std::memcpy(words, at, 8);
    if ((words[0] & high_bits) != 0) break;
  }
  return at;
}

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at != end) {
    if (missing_ == 0) {
      at = skip_ascii(at, end);
      // A step that held something else is looked at byte by byte, as is a tail shorter than a step.
      while (at != end && static_cast<unsigned char>(*at) < 0x80) ++at;
      if (at == end) return true;
      if (!begin(static_cast<unsigned char>(*at++))) return false;
    } else if (!proceed(static_cast<unsigned char>(*at++))) {
      return false;
    }
  }
  return true;
}

// Table 3-7 of the Unicode standard: only the byte after the lead has bounds of its own.
bool Utf8Validator::begin(unsigned char lead) {
  if (lead < 0xC2 || lead > 0xF4) return false;  // continuation, overlong, or beyond U+10FFFF
  missing_ = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  lowest_ = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;   // else overlong
  highest_ = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;  // else a surrogate, or beyond U+10FFFF
  return true;
}

bool Utf8Validator::proceed(unsigned char byte) {
  if (byte < lowest_ || byte > highest_) return false;
  lowest_ = 0x80;
  highest_ = 0xBF;
  --missing_;
  return true;
}

}  // namespace coyield::generators::net::websocket
