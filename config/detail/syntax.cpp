// A parser's own message ("unexpected end of input; expected '}'") says what the grammar wants. A person
// wants to know which of the usual slips it was, so this looks at the characters behind the last token that
// the parser accepted and tries the slips one after the other: a comma too many or too few, single quotes, a
// key or a value without quotes, True and None, a unit without quotes, a text or a bracket that is never
// closed.
#include <algorithm>
#include <array>
#include <coyield/config/detail/syntax.hpp>
#include <coyield/config/detail/utf8.hpp>
#include <nlohmann/json.hpp>

namespace coyield::config::detail {
namespace {

using After = SyntaxState::After;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char closing(char open) { return open == '{' ? '}' : ']'; }

std::string with_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }
std::string name(char c) { return in_quotes(std::string_view(&c, 1)); }

class Explainer {
 public:
  Explainer(const SyntaxState& state, bool out_of_range)
      : state_(state), at_(state.cursor), out_of_range_(out_of_range) {}

  SyntaxError explain() {
    if (token_goes_on()) return {state_.token_position, bad_number(state_.token)};
    at_.skip_blanks();
    if (state_.after == After::key) return behind_key();
    if (state_.after == After::value) return behind_value();
    return element();
  }

 private:
  SyntaxError here(std::string what, std::string advice = {}) const {
    return {at_.position(), {std::move(what), std::move(advice)}};
  }

  bool in_object() const { return !state_.open.empty() && state_.open.back().open == '{'; }

  /// `10ms` was taken for the number 10, and `127.0.0.1` for 127.0: a number, as far as the parser went.
  bool token_goes_on() const {
    const auto token = state_.token;
    return !token.empty() && (is_digit(token[0]) || token[0] == '-') && !nlohmann::json::accept(token);
  }

  static Mistake bad_number(std::string_view text) {
    const auto digits = text.find_first_not_of("0");
    const bool whole = text.find_first_not_of("0123456789") == std::string_view::npos;
    if (!whole) return without_quotes(text);
    const auto shorter = digits == std::string_view::npos ? "0" : text.substr(digits);
    return {std::string(text) + " has a zero before the number", "write " + std::string(shorter)};
  }

  static Mistake without_quotes(std::string_view word) {
    return {std::string(word) + " stands without quotes", "write " + with_quotes(word)};
  }

  SyntaxError behind_key() {
    if (at_.peek() != ':') {
      auto key = std::string(state_.token);
      if (at_.peek() == '=') return here("\"=\" between " + key + " and its value", "write \":\"");
      return here("no \":\" behind the key " + key, "write " + key + ": and its value");
    }
    at_.advance(1);
    at_.skip_blanks();
    return element(true);
  }

  SyntaxError behind_value() {
    if (at_.peek() == '/') return slash();
    if (state_.open.empty())
      return here("there is more behind the end", "remove what follows the last bracket");
    const auto& open = state_.open.back();
    if (at_.at_end()) return unclosed();
    if (at_.peek() == ',') return behind_comma();
    if (at_.peek() == '}' || at_.peek() == ']') return wrong_bracket(open);
    return {state_.cursor.position(),
            {"no comma behind " + shortened(state_.token), "write \",\" between the two"}};
  }

  static std::string shortened(std::string_view token) {
    return token.size() <= 40 ? std::string(token) : std::string("the value before");
  }

  SyntaxError behind_comma() {
    const auto comma = at_.position();
    at_.advance(1);
    at_.skip_blanks();
    if (at_.peek() == '}' || at_.peek() == ']') {
      return {comma, {"a comma with nothing behind it", "remove the comma before " + name(at_.peek())}};
    }
    return element();
  }

  SyntaxError wrong_bracket(const SyntaxState::Bracket& open) const {
    return here(name(at_.peek()) + " where the " + name(open.open) + " of line " +
                    std::to_string(open.position.line) + " is still open",
                "write " + name(closing(open.open)));
  }

  SyntaxError unclosed() const {
    if (state_.open.empty()) return here("the text is empty", "write at least {}");
    const auto& open = state_.open.back();
    return here("the text ends where the " + name(open.open) + " of line " +
                    std::to_string(open.position.line) + " is still open",
                "write " + name(closing(open.open)));
  }

  /// A key or a value is due here.
  SyntaxError element(bool value = false) {
    const bool key = in_object() && !value;
    const char c = at_.peek();
    if (at_.at_end()) return unclosed();
    if (c == '"') return text();
    if (c == '\'') return here("texts stand in double quotes", "write \" for '");
    if (c == ',' && state_.after == After::key) return no_value();
    if (c == ',') return here("a comma with nothing before it", "remove it");
    if (c == '#') return here("a comment begins with //", "write // for #");
    if (c == '/') return slash();
    if (c == '}' || c == ']') return due_before_bracket(c, key);
    if (is_digit(c) || c == '-' || c == '+' || c == '.') return number(key);
    if (is_letter(c)) return word(key);
    if (key && (c == '{' || c == '['))
      return here("a key is missing before " + name(c), "write \"key\": before it");
    return here(in_quotes(at_.rest().substr(0, std::max<std::size_t>(1, utf8_length(at_.rest())))) +
                    " is not expected here",
                key ? "write a key in double quotes" : "write a value");
  }

  SyntaxError slash() const {
    if (at_.peek(1) == '*') return here("this comment does not end", "write */ behind it");
    return here("\"/\" begins no comment", "write // or /* */");
  }

  SyntaxError no_value() const {
    return here("the key " + std::string(state_.token) + " has no value", "write one behind the \":\"");
  }

  SyntaxError due_before_bracket(char bracket, bool key) const {
    if (state_.after == After::key) return no_value();
    if (state_.open.empty()) return here(name(bracket) + " closes nothing", "begin with {");
    if (key || !in_object()) return wrong_bracket(state_.open.back());
    return here("a value is missing before " + name(bracket), "write one");
  }

  SyntaxError number(bool key) {
    const auto text = Cursor(at_).take_token();
    if (key)
      return here("the key " + std::string(text) + " stands without quotes", "write " + with_quotes(text));
    if (out_of_range_) return here(std::string(text) + " is too large a number", "write a smaller one");
    if (std::ranges::none_of(text, is_digit)) return here(in_quotes(text) + " is no value", "write a number");
    const bool plain = std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
    if (text.starts_with('+'))
      return here("a number has no plus sign", "write " + std::string(text.substr(1)));
    if (text.starts_with('.') && plain)
      return here(std::string(text) + " lacks a digit", "write 0" + std::string(text));
    if (text.ends_with('.') && plain)
      return here(std::string(text) + " lacks a digit", "write " + std::string(text) + "0");
    return {at_.position(), bad_number(text)};
  }

  SyntaxError word(bool key) {
    struct Meant {
      std::string_view word;
      std::string_view json;
    };
    static constexpr std::array known = {
        Meant{"true", "true"}, Meant{"yes", "true"},      Meant{"on", "true"},   Meant{"false", "false"},
        Meant{"no", "false"},  Meant{"off", "false"},     Meant{"null", "null"}, Meant{"none", "null"},
        Meant{"nil", "null"},  Meant{"undefined", "null"}};
    const auto text = Cursor(at_).take_token();
    if (key)
      return here("the key " + std::string(text) + " stands without quotes", "write " + with_quotes(text));
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    auto meant = std::ranges::find(known, lower, &Meant::word);
    if (meant != known.end())
      return here(std::string(text) + " is no JSON", "write " + std::string(meant->json));
    if (lower == "nan" || lower == "infinity" || lower == "inf") {
      return here("JSON has no number " + std::string(text), "leave the key out, or write a number");
    }
    return {at_.position(), without_quotes(text)};
  }

  /// A text that the parser did not take.
  SyntaxError text() {
    const auto begin = at_.position();
    at_.advance(1);
    while (!at_.at_end() && at_.peek() != '\n' && at_.peek() != '"') {
      const auto length = utf8_length(at_.rest());
      if (at_.peek() == '\\' && !good_escape()) return escape();
      if (length == 0) return here("a byte that is no UTF-8", "save the file as UTF-8");
      if (static_cast<unsigned char>(at_.peek()) < 0x20)
        return here("a control character in a text", "write it as \\t or \\u00XX");
      at_.advance(at_.peek() == '\\' ? 2 : length);
    }
    return {begin,
            {"this text does not end on its line", "write \" at its end, and \\n for a line break in it"}};
  }

  bool good_escape() const {
    const char c = at_.peek(1);
    if (c != 'u') return std::string_view("\"\\/bfnrt").find(c) != std::string_view::npos && c != '\0';
    for (std::size_t i = 2; i < 6; ++i) {
      if (std::string_view("0123456789abcdefABCDEF").find(at_.peek(i)) == std::string_view::npos)
        return false;
    }
    // A pair of surrogates is one character, half of one is none.
    return (at_.peek(2) != 'd' && at_.peek(2) != 'D') || at_.peek(3) < '8';
  }

  SyntaxError escape() const {
    const auto shown = std::string(at_.rest().substr(0, at_.peek(1) == 'u' ? 6 : 2));
    if (at_.peek(1) == 'u')
      return here(shown + " is no character",
                  "write \\u and four hexadecimal digits, or the character itself");
    return here(shown + " means nothing in JSON", "write \\\\ for a backslash");
  }

  const SyntaxState& state_;
  Cursor at_;
  bool out_of_range_;
};

}  // namespace

SyntaxError explain_syntax(const SyntaxState& state, bool out_of_range) {
  return Explainer(state, out_of_range).explain();
}

}  // namespace coyield::config::detail
