#include <coyield/generators/operators/jq_program.hpp>

extern "C" {
#include <jq.h>
#include <jv.h>
}

#include <algorithm>
#include <array>
#include <coyield/config/problem.hpp>
#include <stdexcept>

/// Why words are refused: `import` and `include` read files (`include` without a library path even ends the
/// process), `env` and `$ENV` have the secrets of the environment, `input`, `debug`, `stderr` and the like
/// talk to a program around them that is not there, and `halt` is for ending it. jq itself can switch none of
/// them off. They are looked for by their letters, outside of texts and comments: as the name of a member
/// (`.env`,
/// `{env: 1}`) or of a variable (`$input`) each may be used.

namespace coyield::generators {

namespace {

constexpr std::array<std::string_view, 16> forbidden = {
    "import",          "include",        "env",          "input",      "inputs",     "debug",
    "stderr",          "input_filename", "halt",         "halt_error", "modulemeta", "input_line_number",
    "get_search_list", "$ENV",           "$__prog_args", "input_line"};

bool is_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Goes through a program by its words.
class WordScanner {
 public:
  explicit WordScanner(std::string_view text) noexcept : text_(text) {}

  /// The first forbidden word.
  std::optional<std::string_view> find() {
    std::vector<unsigned> parentheses;  // those open within each `\(` of a text
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '"') {
        ++at_;
        if (skip_text()) parentheses.push_back(0);
      } else if (!parentheses.empty() && c == ')' && parentheses.back() == 0) {
        parentheses.pop_back();
        ++at_;
        if (skip_text()) parentheses.push_back(0);  // on with the text around it
      } else if (!parentheses.empty() && (c == '(' || c == ')')) {
        parentheses.back() += c == '(' ? 1 : -1U;
        ++at_;
      } else if (is_word(c) || c == '$') {
        if (const auto word = take_word()) return word;
      } else {
        ++at_;
      }
    }
    return std::nullopt;
  }
  /// Behind it.
  std::size_t place() const noexcept { return at_; }

 private:
  /// To the end of a text, or to `\(`, which is true.
  bool skip_text() {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == '"') return false;
      if (c != '\\' || at_ == text_.size()) continue;
      if (text_[at_++] == '(') return true;
    }
    return false;
  }
  std::optional<std::string_view> take_word() {
    const std::size_t begin = at_++;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    const bool bad = std::find(forbidden.begin(), forbidden.end(), word) != forbidden.end();
    const bool is_member = begin > 0 && text_[begin - 1] == '.';
    const auto behind = text_.find_first_not_of(" \t\r\n", at_);
    const bool is_key = behind != std::string_view::npos && text_[behind] == ':' &&
                        (behind + 1 == text_.size() || text_[behind + 1] != ':');
    if (!bad || is_member || (is_key && !word.starts_with('$'))) return std::nullopt;
    return word;
  }

  std::string_view text_;
  std::size_t at_ = 0;
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

/// An owned jv.
class Value {
 public:
  explicit Value(jv value) noexcept : value_(value) {}
  Value(const Value&) = delete;
  Value& operator=(const Value&) = delete;
  ~Value() { jv_free(value_); }

  jv get() const noexcept { return value_; }
  jv copy() const noexcept { return jv_copy(value_); }

 private:
  jv value_;
};

std::string text_of(jv text) {
  const Value owned(text);
  return {jv_string_value(owned.get()), static_cast<std::size_t>(jv_string_length_bytes(owned.copy()))};
}

/// What an error says: a text as it is, anything else as JSON.
std::string message_of(jv invalid) {
  const Value message(jv_invalid_get_msg(invalid));
  if (jv_get_kind(message.get()) == JV_KIND_STRING) return text_of(message.copy());
  return text_of(jv_dump_string(message.copy(), 0));
}

void keep_message(void* messages, jv message) {
  auto& all = *static_cast<std::string*>(messages);
  if (!all.empty()) all += "; ";
  const std::size_t begin = all.size();
  all += jv_get_kind(message) == JV_KIND_STRING ? text_of(jv_copy(message))
                                                : text_of(jv_dump_string(jv_copy(message), 0));
  jv_free(message);
  const auto line_end = all.find('\n', begin);  // behind it stands the whole program
  if (line_end != std::string::npos) all.resize(line_end);
}

/// Without what it says of the command line, and on one line.
std::string tidied(std::string messages) {
  const auto summary = messages.find("; jq: 1 compile error");
  if (summary != std::string::npos) messages.resize(summary);
  for (const std::string_view noise :
       {"jq: error: ", " (Unix shell quoting issues?)", " at <top-level>, line 1:"}) {
    const auto at = messages.find(noise);
    if (at != std::string::npos) messages.erase(at, noise.size());
  }
  while (messages.ends_with(' ')) messages.pop_back();
  return messages;
}

}  // namespace

struct JqProgram::State {
  State() : jq(jq_init()) {
    if (jq == nullptr) throw std::bad_alloc();
    jq_set_error_cb(jq, &keep_message, &messages);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { jq_teardown(&jq); }

  jq_state* jq;
  std::string messages;
};

JqProgram::JqProgram(const std::string& text) : state_(std::make_unique<State>()) {
  // `.` is the first of the two inputs, and the other one has a name.
  const std::string whole = ". as [$__item, $args] | $__item | (" + text + "\n)";
  if (jq_compile(state_->jq, whole.c_str()) == 0) throw std::invalid_argument(tidied(state_->messages));
}
JqProgram::~JqProgram() = default;

std::optional<config::Mistake> JqProgram::refusal(std::string_view text) {
  if (text.find('\0') != std::string_view::npos)
    return config::Mistake{"a program of jq cannot hold a NUL character", "leave it out"};
  WordScanner scanner(text);
  const auto word = scanner.find();
  if (!word) return std::nullopt;
  return config::Mistake{config::in_quotes(*word) + " at " + place_in(text, scanner.place() - word->size()) +
                             " would reach out of the item",
                         "leave it out: a program sees the item, and $args"};
}

JqProgram::Outcome JqProgram::run(std::string_view item, std::string_view args, std::size_t most_bytes) {
  Outcome outcome;
  jv input = jv_array();
  for (const std::string_view text : {item, args}) {
    jv value = jv_parse_sized(text.data(), static_cast<int>(text.size()));
    if (!jv_is_valid(value)) {
      jv_free(input);
      outcome.error = message_of(value);
      return outcome;
    }
    input = jv_array_append(input, value);
  }
  state_->messages.clear();
  jq_start(state_->jq, input, 0);
  std::size_t bytes = 0;
  for (;;) {
    const Value result(jq_next(state_->jq));
    if (!jv_is_valid(result.get())) {
      if (jv_invalid_has_msg(result.copy()) != 0) outcome.error = message_of(result.copy());
      return outcome;
    }
    outcome.outputs.push_back(text_of(jv_dump_string(result.copy(), 0)));
    bytes += outcome.outputs.back().size() + 1;
    if (bytes <= most_bytes) continue;
    outcome.outputs.pop_back();
    outcome.error = "it makes more than " + std::to_string(most_bytes) + " bytes of one item";
    return outcome;
  }
}

JqPrograms& JqPrograms::of(const Executor& executor) {
  return asio::use_service<JqPrograms>(executor.context());
}

JqPrograms::JqPrograms(asio::execution_context& context) : service(context) {}

JqProgram& JqPrograms::get(const std::string& text) {
  auto& program = programs_[text];
  if (!program) program = std::make_unique<JqProgram>(text);
  return *program;
}

}  // namespace coyield::generators
