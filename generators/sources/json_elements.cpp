#include <coyield/generators/sources/json_elements.hpp>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_check.hpp>
#include <string>

namespace coyield::generators {

namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

[[noreturn]] void fail(const std::string& what) {
  throw Failure(FailureKind::upstream, what, Again::useless);
}

}  // namespace

bool JsonElements::next(std::string_view& element) {
  if (state_ == State::begin) begin();
  if (state_ == State::over) {
    expect_nothing_more();
    return false;
  }
  if (state_ == State::begin || state_ == State::text) {
    std::string_view text;
    if (!take_rest(text)) return false;
    text = trimmed(text);
    if (text.empty()) return false;
    element = checked(text);
    return true;
  }
  std::size_t end = 0;
  if (!find_end(end)) {
    if (ended()) fail("the JSON array of the answer is not whole");
    return false;
  }
  const bool last = memory()[end] == ']';
  std::string_view text = take(end, end + 1);
  if (given_ == 0) text = text.substr(text.find('[') + 1);
  text = trimmed(text);
  if (last) state_ = State::over;
  if (text.empty() && last && given_ == 0) {
    expect_nothing_more();
    return false;
  }
  element = checked(text);
  return true;
}

/// Whether it is an array, once it is known.
void JsonElements::begin() {
  const auto first = unread().find_first_not_of(blanks);
  if (first == std::string_view::npos) return;
  state_ = unread()[first] == '[' ? State::element : State::text;
  if (state_ == State::element) set_searched(next_begin() + first + 1);
}

/// Of the element that has begun: the place of the comma or the bracket behind it.
bool JsonElements::find_end(std::size_t& end) {
  const char* const bytes = memory();
  for (std::size_t at = searched(); at < filled(); ++at) {
    const char c = bytes[at];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    if (c == '"') {
      in_string_ = true;
    } else if (c == '[' || c == '{') {
      ++depth_;
    } else if (depth_ == 0 && (c == ',' || c == ']')) {
      end = at;
      return true;
    } else if (c == ']' || c == '}') {
      if (depth_ == 0) fail("element " + std::to_string(given_ + 1) + " of the answer is not JSON");
      --depth_;
    }
  }
  set_searched(filled());
  return false;
}

std::string_view JsonElements::checked(std::string_view element) {
  ++given_;
  const JsonVerdict verdict = check_json(element, JsonLineBreaks::allowed);
  if (verdict != JsonVerdict::good) {
    const std::string name = state_ == State::element || state_ == State::over
                                 ? "element " + std::to_string(given_) + " of the answer"
                                 : "the answer";
    fail(name + (verdict == JsonVerdict::too_deep
                     ? " is nested deeper than " + std::to_string(max_json_depth) + " levels"
                     : " is not JSON"));
  }
  if (element.find_first_of("\r\n") == std::string_view::npos) return element;
  compact_.clear();
  append_compact_json(compact_, element);
  return compact_.view();
}

void JsonElements::expect_nothing_more() {
  if (unread().find_first_not_of(blanks) != std::string_view::npos)
    fail("something stands behind the JSON array of the answer");
  take(filled(), filled());
}

}  // namespace coyield::generators
