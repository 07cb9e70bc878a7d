#include <charconv>
#include <coyield/generators/jq/reader.hpp>
#include <string>

namespace coyield::generators::jq {

namespace {

constexpr int most_depth = 256;

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Every member that gives a value gives an invalid one where there is something unusual.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : at_(text.data()), end_(at_ + text.size()) {}

  jv document() {
    const jv value = read(most_depth);
    skip_blanks();
    if (at_ == end_) return value;
    jv_free(value);
    return jv_invalid();
  }

 private:
  void skip_blanks() noexcept {
    while (at_ != end_ && is_blank(*at_)) ++at_;
  }
  /// Whether the next character but blanks is this one, which is then passed over.
  bool next_is(char c) noexcept {
    skip_blanks();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }

  jv read(int depth) {
    skip_blanks();
    if (at_ == end_ || depth == 0) return jv_invalid();
    switch (*at_) {
      case '{':
        return read_object(depth);
      case '[':
        return read_array(depth);
      case '"':
        return read_text();
      case 't':
        return read_word("true", jv_true());
      case 'f':
        return read_word("false", jv_false());
      case 'n':
        return read_word("null", jv_null());
      default:
        return read_number();
    }
  }
  jv read_object(int depth) {
    ++at_;
    jv object = jv_object();
    if (next_is('}')) return object;
    do {
      skip_blanks();
      const jv key = at_ != end_ && *at_ == '"' ? read_text() : jv_invalid();
      if (jv_is_valid(key) == 0 || !next_is(':')) return given_up(object, key);
      const jv value = read(depth - 1);
      if (jv_is_valid(value) == 0) return given_up(object, key);
      object = jv_object_set(object, key, value);
    } while (next_is(','));
    return next_is('}') ? object : given_up(object, jv_null());
  }
  jv read_array(int depth) {
    ++at_;
    jv array = jv_array();
    if (next_is(']')) return array;
    do {
      const jv value = read(depth - 1);
      if (jv_is_valid(value) == 0) return given_up(array, value);
      array = jv_array_append(array, value);
    } while (next_is(','));
    return next_is(']') ? array : given_up(array, jv_null());
  }
  static jv given_up(jv one, jv other) {
    jv_free(one);
    jv_free(other);
    return jv_invalid();
  }

  jv read_word(std::string_view word, jv value) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word)) return jv_invalid();
    at_ += word.size();
    return value;
  }
  jv read_number() {
    // from_chars would take `inf` and `nan`, too.
    if (*at_ != '-' && (*at_ < '0' || *at_ > '9')) return jv_invalid();
    double value = 0;
    const auto [behind, error] = std::from_chars(at_, end_, value);
    if (error != std::errc() || behind[-1] < '0' || behind[-1] > '9') return jv_invalid();
    at_ = behind;
    return jv_number(value);
  }
  jv read_text() {
    const char* const begin = ++at_;
    while (at_ != end_ && *at_ != '"' && *at_ != '\\') ++at_;
    if (at_ == end_) return jv_invalid();
    if (*at_ == '\\') return read_escaped(begin);
    return jv_string_sized(begin, static_cast<int>(at_++ - begin));
  }
  jv read_escaped(const char* begin) {
    scratch_.assign(begin, at_);
    while (at_ != end_ && *at_ != '"') {
      if (*at_ != '\\') {
        scratch_ += *at_++;
      } else if (!take_escape()) {
        return jv_invalid();
      }
    }
    if (at_ == end_) return jv_invalid();
    ++at_;
    return jv_string_sized(scratch_.data(), static_cast<int>(scratch_.size()));
  }
  bool take_escape() {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    ++at_;
    if (at_ == end_) return false;
    if (*at_ == 'u') return take_code();
    const auto which = names.find(*at_++);
    if (which != std::string_view::npos) scratch_ += meant[which];
    return which != std::string_view::npos;
  }
  /// False for halves of a pair without the other, too: libjq has its own ways with them.
  bool take_code() {
    unsigned code = 0;
    if (!take_hex(code)) return false;
    if (code >= 0xD800 && code < 0xE000) {
      unsigned low = 0;
      if (code >= 0xDC00 || end_ - at_ < 2 || *at_++ != '\\' || *at_ != 'u' || !take_hex(low)) return false;
      if (low < 0xDC00 || low >= 0xE000) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(code);
    return true;
  }
  /// Behind a `u`, at which it stands.
  bool take_hex(unsigned& code) noexcept {
    if (end_ - at_ < 5) return false;
    const auto behind = std::from_chars(at_ + 1, at_ + 5, code, 16).ptr;
    if (behind != at_ + 5) return false;
    at_ = behind;
    return true;
  }
  void append_utf8(unsigned code) {
    const auto byte = [this](unsigned bits) { scratch_ += static_cast<char>(bits); };
    const auto tail = [&](unsigned shift) { byte(0x80 | ((code >> shift) & 0x3F)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
      byte(0xC0 | (code >> 6));
    } else if (code < 0x10000) {
      byte(0xE0 | (code >> 12));
      tail(6);
    } else {
      byte(0xF0 | (code >> 18));
      tail(12);
      tail(6);
    }
    tail(0);
  }

  const char* at_;
  const char* end_;
  std::string scratch_;
};

}  // namespace

jv read_json(std::string_view json) {
  const jv value = Reader(json).document();
  if (jv_is_valid(value) != 0) return value;
  jv_free(value);
  return jv_parse_sized(json.data(), static_cast<int>(json.size()));
}

}  // namespace coyield::generators::jq
