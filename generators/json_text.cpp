#include <coyield/generators/json_text.hpp>

#include <charconv>
#include <cmath>
#include <coyield/generators/byte_scan.hpp>

namespace coyield::generators {

namespace {

/// The longest escape of one byte is `\u001f`.
constexpr std::size_t longest_escape = 6;
/// Longer texts are escaped in pieces, so that the room for the worst case stays small.
constexpr std::size_t piece_size = 1024;

ByteMask needs_escape(ByteBlock block) { return (block < 0x20) | (block == '"') | (block == '\\'); }

/// RFC 8259, section 7: quotation mark, reverse solidus and control characters; all else may stand as it is.
char* write_escape(char* out, unsigned char byte) {
  constexpr char hex[] = "0123456789abcdef";
  constexpr char letters[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
  *out++ = '\\';
  if (byte >= 0x20 || letters[byte] != 'u') {
    *out++ = byte >= 0x20 ? static_cast<char>(byte) : letters[byte];
    return out;
  }
  out[0] = 'u';
  out[1] = '0';
  out[2] = '0';
  out[3] = hex[byte >> 4];
  out[4] = hex[byte & 15];
  return out + 5;
}

/// Each block is stored whole, and counts up to the first byte that has to be escaped.
char* write_escaped(char* out, const char* at, const char* end) {
  while (end - at >= 16) {
    std::memcpy(out, at, 16);
    const unsigned plain = first_in(needs_escape(load_block(at)));
    out += plain;
    at += plain;
    if (plain != 16) out = write_escape(out, static_cast<unsigned char>(*at++));
  }
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte < 0x20 || byte == '"' || byte == '\\') [[unlikely]] {
      out = write_escape(out, byte);
    } else {
      *out++ = *at;
    }
  }
  return out;
}

/// Of valid UTF-8. Where it is cut into pieces does not matter, since no byte beyond ASCII is changed.
void append_escaped(Buffer& out, std::string_view text) {
  while (!text.empty()) {
    const std::string_view piece = text.substr(0, piece_size);
    char* room = out.prepare(piece.size() * longest_escape + 16);
    out.commit_to(write_escaped(room, piece.data(), piece.data() + piece.size()));
    text.remove_prefix(piece.size());
  }
}

void append_escaped_utf8(Buffer& out, std::string_view text) {
  if (is_utf8(text)) [[likely]]
    return append_escaped(out, text);
  while (!text.empty()) {
    const Utf8Run run = next_utf8_run(text);
    append_escaped(out, run.valid);
    if (run.invalid != 0) out.append(replacement_character);
    text.remove_prefix(run.valid.size() + run.invalid);
  }
}

template <class Number>
void append_shortest(Buffer& out, Number number) {
  if (!std::isfinite(number)) return out.append("null");
  constexpr std::size_t room = 32;  // -1.7976931348623157e+308 is the longest, 24
  char* const begin = out.prepare(room);
  out.commit_to(std::to_chars(begin, begin + room, number).ptr);
}

constexpr char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

void append_json_string(Buffer& out, std::string_view text) {
  out.push_back('"');
  append_escaped_utf8(out, text);
  out.push_back('"');
}

std::string json_member_start(std::string_view name) {
  Buffer out;
  append_json_string(out, name);
  out.push_back(':');
  return std::string(out.view());
}

void append_number(Buffer& out, double number) { append_shortest(out, number); }
void append_number(Buffer& out, float number) { append_shortest(out, number); }

void append_base64(Buffer& out, std::string_view bytes) {
  const auto byte = [&bytes](std::size_t i) -> unsigned { return static_cast<unsigned char>(bytes[i]); };
  char* to = out.prepare((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  const auto put = [&to](unsigned bits24, int shift) { *to++ = base64_digits[bits24 >> shift & 63]; };
  for (; i + 3 <= bytes.size(); i += 3) {
    const unsigned bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    for (const int shift : {18, 12, 6, 0}) put(bits, shift);
  }
  if (const std::size_t left = bytes.size() - i; left != 0) {
    const unsigned bits = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0U);
    put(bits, 18);
    put(bits, 12);
    if (left == 2) put(bits, 6);
    for (std::size_t padding = left; padding < 3; ++padding) *to++ = '=';
  }
  out.commit_to(to);
}

std::string base64(std::string_view bytes) {
  Buffer out;
  append_base64(out, bytes);
  return std::string(out.view());
}

}  // namespace coyield::generators
