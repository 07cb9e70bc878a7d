#include <algorithm>
#include <array>
#include <coyield/generators/jq/program_text.hpp>
#include <string>
#include <vector>

/// Why words are refused: `import` and `include` read files (`include` without a library path even ends the
/// process), `env` and `$ENV` have the secrets of the environment, `input`, `debug`, `stderr` and the like
/// talk to a program around them that is not there, and `halt` is for ending it. jq itself can switch none of
/// them off. `coyield-jq` has nothing to be reached; this is for saying so where the program is written.

namespace coyield::generators::jq {

namespace {

constexpr std::array<std::string_view, 13> forbidden_words = {
    "import", "include",    "env",        "input",  "inputs",          "input_filename", "input_line_number",
    "halt",   "halt_error", "modulemeta", "stderr", "get_search_list", "debug"};
constexpr std::array<std::string_view, 2> forbidden_variables = {"ENV", "__prog_args"};

template <std::size_t n>
bool is_one_of(std::string_view word, const std::array<std::string_view, n>& words) noexcept {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool begins_word(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// Goes through a program by what jq takes for one word, one sign or one text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : text_(text) {}

  /// The first part that is forbidden; empty if there is none.
  std::string_view find() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at_;
      } else if (begins_word(c)) {
        const std::string_view word = take_word();
        if (is_one_of(word, forbidden_words) && previous_ != '.' && !is_key()) return word;
        if (previous_ == '$' && is_one_of(word, forbidden_variables))
          return text_.substr(dollar_, at_ - dollar_);
        previous_ = 'a';
      } else if (is_digit(c)) {
        take_number();
      } else if (c == '"') {
        ++at_;
        take_text();
      } else {
        take_sign(c);
      }
    }
    return {};
  }

 private:
  std::string_view take_word() noexcept {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (begins_word(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return text_.substr(begin, at_ - begin);
  }
  /// With the dot behind it, which makes no member of a word that follows.
  void take_number() noexcept {
    while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    previous_ = '0';
  }
  /// To its end, or into the program of a `\(`.
  void take_text() {
    previous_ = '"';
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return;
      if (c != '\\' || at_ == text_.size()) continue;
      if (text_[at_++] != '(') continue;
      open_.push_back(in_text);
      previous_ = '(';
      return;
    }
  }
  void take_sign(char c) {
    const std::size_t begin = at_++;
    if (c == '(' || c == '[' || c == '{') open_.push_back(c);
    const bool closes = c == ')' || c == ']' || c == '}';
    if (closes && !open_.empty()) {
      const char opened = open_.back();
      open_.pop_back();
      if (opened == in_text) return take_text();  // on with the text around it
    }
    if (c == '$') dollar_ = begin;
    // A dot makes a member of the word behind it only where that follows at once, and two dots are another
    // sign.
    const bool member =
        c == '.' && previous_sign_end_ != begin && at_ < text_.size() && begins_word(text_[at_]);
    if (c == '.') previous_sign_end_ = at_;
    previous_ = c != '.' || member ? c : ':';
  }
  /// Whether the word that was just taken names a member of an object that is made or taken apart.
  bool is_key() const noexcept {
    if (previous_ == '$') return true;  // a variable
    return !open_.empty() && open_.back() == '{' && (previous_ == '{' || previous_ == ',');
  }

  static constexpr char in_text = 'i';

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<char> open_;
  char previous_ = ' ';  // the sign before this one, or what it was: a word, a number, a text
  std::size_t dollar_ = 0;
  std::size_t previous_sign_end_ = std::string_view::npos;  // of a dot
};

/// The place of a byte, for a person: `line 2, column 5`, or only the column where there is one line.
std::string place_in(std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto line_begin = before.rfind('\n');
  const std::size_t column = line_begin == std::string_view::npos ? at + 1 : at - line_begin;
  if (text.find('\n') == std::string_view::npos) return "column " + std::to_string(column);
  return "line " + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ", column " +
         std::to_string(column);
}

}  // namespace

std::optional<config::Mistake> refusal(std::string_view program) {
  if (program.find('\0') != std::string_view::npos)
    return config::Mistake{"a program of jq cannot hold a NUL character", "leave it out"};
  const std::string_view part = Scanner(program).find();
  if (part.empty()) return std::nullopt;
  const auto at = static_cast<std::size_t>(part.data() - program.data());
  return config::Mistake{
      config::in_quotes(part) + " at " + place_in(program, at) + " would reach out of the item",
      "leave it out: a program sees the item, and $args"};
}

}  // namespace coyield::generators::jq
