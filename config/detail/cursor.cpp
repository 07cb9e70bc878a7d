#include <algorithm>
#include <coyield/config/detail/cursor.hpp>

namespace coyield::config::detail {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
         c == '.' || c == '_' || (c & 0x80) != 0;
}

std::size_t string_length(std::string_view text) {
  std::size_t length = 1;
  while (length < text.size() && text[length] != '"') length += text[length] == '\\' ? 2 : 1;
  return std::min(length + 1, text.size());
}

std::size_t comment_length(std::string_view text) {
  if (text.starts_with("//")) return std::min(text.find('\n'), text.size());
  if (!text.starts_with("/*")) return 0;
  auto end = text.find("*/", 2);
  return end == std::string_view::npos ? 0 : end + 2;
}

}  // namespace

void Cursor::step() {
  const char passed = text_[offset_++];
  if (passed == '\n') {
    ++position_.line;
    position_.column = 1;
  } else if (const char next = peek(); (next & 0xC0) != 0x80) {
    // A character of several bytes counts when its last one is passed.
    ++position_.column;
  }
}

void Cursor::skip_blanks() {
  while (!at_end()) {
    std::size_t length = is_blank(peek()) ? 1 : comment_length(rest());
    if (length == 0) return;
    advance(length);
  }
}

void Cursor::skip_to_token() {
  skip_blanks();
  while (peek() == ',' || peek() == ':') {
    advance(1);
    skip_blanks();
  }
}

std::string_view Cursor::take_token() {
  const auto text = rest();
  std::size_t length = std::min<std::size_t>(1, text.size());
  if (peek() == '"') {
    length = string_length(text);
  } else {
    while (is_word(peek()) && length < text.size() && is_word(text[length])) ++length;
  }
  advance(length);
  return text.substr(0, length);
}

}  // namespace coyield::config::detail
