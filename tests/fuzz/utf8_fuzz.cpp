#include <algorithm>
#include <coyield/config/detail/utf8.hpp>
#include <coyield/generators/net/websocket/utf8.hpp>
#include <coyield/generators/utf8.hpp>

#include "fuzz.hpp"

// Three checks of UTF-8, for three purposes, and one that is written to be read: all of one opinion.

namespace {

using namespace coyield;
using fuzz::require;

/// Decodes a character and asks what it is; 0 where there is none.
std::size_t length_of_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const std::size_t length = byte(0) >> 5 == 6 ? 2 : byte(0) >> 4 == 14 ? 3 : byte(0) >> 3 == 30 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  unsigned code = byte(0) & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  return code < lowest[length] || code > 0x10FFFF || surrogate ? 0 : length;
}

template <class Length>
bool all_characters(std::string_view text, Length length_of) {
  while (!text.empty()) {
    const std::size_t length = length_of(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool in_pieces(std::string_view text, std::size_t piece) {
  generators::net::websocket::Utf8Validator validator;
  while (!text.empty()) {
    if (!validator.feed(fuzz::take(text, piece))) return false;
  }
  return validator.complete();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::as_text(data, size);
  const std::size_t piece = 1 + fuzz::take_byte(text) % 40;
  const bool good = all_characters(text, &length_of_character);
  require(generators::is_utf8(text) == good, "the generators' check is right");
  require(all_characters(text, &config::detail::utf8_length) == good, "the configuration's check is right");
  require(in_pieces(text, piece) == good, "the WebSocket's check is right");

  generators::Buffer out;
  generators::append_utf8(out, text);
  require(generators::is_utf8(out.view()), "what has been mended is UTF-8");
  require((out.view() == text) == good, "what is UTF-8 is not mended");
  return 0;
}
