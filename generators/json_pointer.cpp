#include <coyield/generators/json_pointer.hpp>

#include <algorithm>
#include <charconv>
#include <coyield/generators/json_check.hpp>

namespace coyield::generators {

namespace {

using config::in_quotes;
using config::Mistake;

/// RFC 6901, section 3: `~` and `/` within a name.
void append_token(std::string& out, std::string_view token) {
  out += '/';
  for (const char c : token) {
    if (c == '~' || c == '/') {
      out += c == '~' ? "~0" : "~1";
    } else {
      out += c;
    }
  }
}

std::string one_token(std::string_view name) {
  std::string out;
  append_token(out, name);
  return out;
}

std::string with_slashes(std::string path) {
  std::ranges::replace(path, '.', '/');
  return "/" + path;
}

/// `name`, `user.name`, `$.user.name` (JSONPath), `#/user/name` (in a URI).
Mistake no_pointer(std::string_view text) {
  const std::string what = in_quotes(text) + " is no JSON Pointer";
  if (text.starts_with("#/")) return {what, "write " + in_quotes(text.substr(1))};
  std::string path(text);
  if (path.starts_with('$')) path.erase(0, 1);
  if (path.starts_with('.')) path.erase(0, 1);
  if (path.empty()) return {what, R"(write "" for the whole item, or "/name" for a member of it)"};
  if (path.find('/') != std::string::npos) return {what, "write " + in_quotes("/" + path)};
  if (path.find('.') == std::string::npos) return {what, "write " + in_quotes(one_token(path))};
  return {what, "write " + in_quotes(with_slashes(path)) + ", or " + in_quotes(one_token(path)) +
                    " for a member with dots in its name"};
}

Mistake bad_tilde(std::string_view text) {
  return {in_quotes(text) + R"( has a "~" without 0 or 1 behind it)",
          R"(write "~0" for "~", and "~1" for "/" in a name)"};
}

/// Nothing for a tilde that stands for nothing.
std::optional<std::string> unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    const char code = i + 1 < token.size() ? token[i + 1] : '\0';
    if (code != '0' && code != '1') return std::nullopt;
    out += code == '0' ? '~' : '/';
    ++i;
  }
  return out;
}

}  // namespace

config::Checked<JsonPointer> parse_pointer(std::string_view text) {
  JsonPointer pointer;
  if (!text.empty() && text.front() != '/') return no_pointer(text);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('/', 1), rest.size());
    auto token = unescaped(rest.substr(1, end - 1));
    if (!token) return bad_tilde(text);
    pointer.tokens.push_back(*std::move(token));
    rest.remove_prefix(end);
  }
  if (pointer.tokens.size() > max_json_depth) {
    return Mistake{in_quotes(text) + " leads deeper than any item is nested",
                   "the deepest is " + std::to_string(max_json_depth) + " levels"};
  }
  return pointer;
}

std::string to_string(const JsonPointer& pointer) {
  std::string out;
  for (const std::string& token : pointer.tokens) append_token(out, token);
  return out;
}

std::optional<std::size_t> array_index(std::string_view token) noexcept {
  constexpr std::size_t most_digits = 18;
  const bool canonical = !token.empty() && token.size() <= most_digits && (token[0] != '0' || token == "0");
  std::size_t index = 0;
  if (!canonical) return std::nullopt;
  const auto read = std::from_chars(token.data(), token.data() + token.size(), index);
  if (read.ptr != token.data() + token.size()) return std::nullopt;
  return index;
}

}  // namespace coyield::generators
