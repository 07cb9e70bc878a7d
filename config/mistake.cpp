#include <coyield/config/detail/utf8.hpp>
#include <coyield/config/mistake.hpp>
#include <stdexcept>

namespace coyield::config {
namespace {

constexpr std::size_t longest_quote = 80;

void append_escaped(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (byte) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out.append("\\x").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
}

// C1 control characters are two bytes of valid UTF-8 that a terminal may obey.
bool is_c1_control(std::string_view character) {
  return character.size() == 2 && character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
}

bool is_printable(std::string_view character) {
  if (character.size() > 1) return !is_c1_control(character);
  return character[0] >= ' ' && character[0] < 0x7F;
}

/// Takes the first character off `text`, and appends it as it may be shown.
void append_character(std::string& out, std::string_view& text) {
  const std::size_t length = detail::utf8_length(text);
  const auto character = text.substr(0, std::max<std::size_t>(length, 1));
  if (length > 0 && is_printable(character)) {
    out += character;
  } else {
    for (char byte : character) append_escaped(out, static_cast<unsigned char>(byte));
  }
  text.remove_prefix(character.size());
}

}  // namespace

std::string to_string(const Mistake& mistake) {
  return mistake.advice.empty() ? mistake.what : mistake.what + "; " + mistake.advice;
}

void throw_exception_from_error(const Mistake& mistake, const boost::source_location&) {
  throw std::invalid_argument(to_string(mistake));
}

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) append_character(out, text);
  return out;
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  std::size_t characters = 0;
  while (!text.empty() && characters++ < longest_quote) append_character(out, text);
  out += text.empty() ? "\"" : "...\"";
  return out;
}

}  // namespace coyield::config
