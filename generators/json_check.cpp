#include <coyield/generators/json_check.hpp>

#include <bitset>
#include <coyield/generators/byte_scan.hpp>
#include <coyield/generators/utf8.hpp>

// Why not simdjson: its DOM refuses whole numbers beyond 64 bits, its on-demand reader checks only what is
// looked at, and both want spare bytes behind the text. This checker makes one pass with a bit per level of
// nesting, and takes strings, where most bytes are, sixteen at a time.

namespace coyield::generators {

namespace {

class Checker {
 public:
  Checker(std::string_view text, JsonLineBreaks line_breaks, unsigned max_depth) noexcept
      : at_(text.data()), end_(text.data() + text.size()), line_breaks_(line_breaks), max_depth_(max_depth) {}

  bool check() noexcept {
    for (;;) {
      if (!skip_blanks()) return false;
      const Begun begun = begin_value();
      if (begun == Begun::wrong) return false;
      if (begun == Begun::container) continue;
      const Ended ended = end_value();
      if (ended != Ended::expects_value) return ended == Ended::text;
    }
  }
  bool too_deep() const noexcept { return too_deep_; }

 private:
  enum class Begun { wrong, value, container };
  enum class Ended { wrong, expects_value, text };

  /// One value, or the beginning of an array or object up to where its first value has to stand.
  Begun begin_value() noexcept {
    switch (peek()) {
      case '{':
        return begin_container('}');
      case '[':
        return begin_container(']');
      case '"':
        return is(string());
      case 't':
        return is(word("true"));
      case 'f':
        return is(word("false"));
      case 'n':
        return is(word("null"));
      default:
        return is(number());
    }
  }
  static Begun is(bool good) noexcept { return good ? Begun::value : Begun::wrong; }

  Begun begin_container(char closing) noexcept {
    ++at_;
    too_deep_ = depth_ == max_depth_;
    if (too_deep_ || !skip_blanks()) return Begun::wrong;
    if (take(closing)) return Begun::value;
    objects_[depth_++] = closing == '}';
    if (closing == '}' && !key()) return Begun::wrong;
    return Begun::container;
  }

  /// Behind a value: the ends of what it was the last value of, then a comma or the end of the text.
  Ended end_value() noexcept {
    for (;;) {
      if (!skip_blanks()) return Ended::wrong;
      if (depth_ == 0) return at_ == end_ ? Ended::text : Ended::wrong;
      const bool in_object = objects_[depth_ - 1];
      if (take(',')) return !in_object || (skip_blanks() && key()) ? Ended::expects_value : Ended::wrong;
      if (!take(in_object ? '}' : ']')) return Ended::wrong;
      --depth_;
    }
  }

  bool key() noexcept { return peek() == '"' && string() && skip_blanks() && take(':'); }

  bool string() noexcept {
    ++at_;
    for (;;) {
      at_ = find_byte(at_, end_, [](ByteBlock b) { return (b == '"') | (b == '\\') | (b < 0x20); });
      if (take('"')) return true;
      if (!take('\\') || !escape()) return false;
    }
  }

  bool escape() noexcept {
    switch (next()) {
      case '"':
      case '\\':
      case '/':
      case 'b':
      case 'f':
      case 'n':
      case 'r':
      case 't':
        return true;
      case 'u':
        return unicode_escape();
      default:
        return false;
    }
  }

  bool unicode_escape() noexcept {
    const unsigned first = hex4();
    if (first < 0xD800 || first > 0xDFFF) return first != not_hex;
    if (first > 0xDBFF || !take('\\') || !take('u')) return false;
    const unsigned second = hex4();
    return second >= 0xDC00 && second <= 0xDFFF;
  }

  static constexpr unsigned not_hex = 0x10000;
  unsigned hex4() noexcept {
    unsigned value = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = next();
      if (is_digit(c)) {
        value = value << 4 | static_cast<unsigned>(c - '0');
      } else if (const char lower = static_cast<char>(c | 0x20); lower >= 'a' && lower <= 'f') {
        value = value << 4 | static_cast<unsigned>(lower - 'a' + 10);
      } else {
        return not_hex;
      }
    }
    return value;
  }

  bool number() noexcept {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (!take('e') && !take('E')) return true;
    if (!take('+')) take('-');
    return digits();
  }
  bool digits() noexcept {
    const char* const begin = at_;
    while (is_digit(peek())) ++at_;
    return at_ != begin;
  }

  bool word(std::string_view expected) noexcept {
    if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).substr(0, expected.size()) != expected)
      return false;
    at_ += expected.size();
    return true;
  }

  /// False at a line break that is refused.
  bool skip_blanks() noexcept {
    for (;; ++at_) {
      const char c = peek();
      if (c > ' ') [[likely]]
        return true;
      if (c == '\n' || c == '\r') {
        if (line_breaks_ == JsonLineBreaks::refused) return false;
      } else if (c != ' ' && c != '\t') {
        return true;
      }
    }
  }

  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  /// NUL at the end, which is as wrong there as in the text.
  char peek() const noexcept { return at_ == end_ ? '\0' : *at_; }
  char next() noexcept { return at_ == end_ ? '\0' : *at_++; }
  bool take(char wanted) noexcept {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  const char* at_;
  const char* const end_;
  JsonLineBreaks line_breaks_;
  unsigned max_depth_;
  unsigned depth_ = 0;
  bool too_deep_ = false;
  std::bitset<max_json_depth> objects_;  // of each level: whether it is an object
};

bool is_blank(char c) noexcept { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

/// Behind the string that begins at `at`.
const char* behind_string(const char* at, const char* end) noexcept {
  for (++at;; at += 2) {
    at = find_byte(at, end, [](ByteBlock b) { return (b == '"') | (b == '\\'); });
    if (*at == '"') return at + 1;
  }
}

}  // namespace

JsonVerdict check_json(std::string_view text, JsonLineBreaks line_breaks, unsigned max_depth) noexcept {
  Checker checker(text, line_breaks, max_depth);
  if (!checker.check()) return checker.too_deep() ? JsonVerdict::too_deep : JsonVerdict::wrong;
  return is_utf8(text) ? JsonVerdict::good : JsonVerdict::wrong;
}

void append_compact_json(Buffer& out, std::string_view json) {
  const char* at = json.data();
  const char* const end = at + json.size();
  while (at != end) {
    if (is_blank(*at)) {
      ++at;
      continue;
    }
    const char* const begin = at;
    while (at != end && !is_blank(*at)) at = *at == '"' ? behind_string(at, end) : at + 1;
    out.append({begin, static_cast<std::size_t>(at - begin)});
  }
}

}  // namespace coyield::generators
