#include <coyield/server/websocket/field_list.hpp>

#include <algorithm>

namespace coyield::server::websocket {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// tchar of RFC 9110, section 5.6.2.
bool is_token_char(char c) {
  const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return alphanumeric || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// A recursive descent over the grammar; each function leaves `rest_` behind what it has taken.
class ExtensionParser {
 public:
  explicit ExtensionParser(std::string_view text) : rest_(text) {}

  std::optional<std::vector<Extension>> list() {
    std::vector<Extension> extensions;
    do {
      if (peek() == ',' || peek() == '\0') continue;  // empty elements are allowed
      std::optional<Extension> one = extension();
      if (!one) return std::nullopt;
      extensions.push_back(std::move(*one));
    } while (take(','));
    if (!rest_.empty()) return std::nullopt;
    return extensions;
  }

 private:
  std::optional<Extension> extension() {
    Extension result;
    result.name = token();
    if (result.name.empty()) return std::nullopt;
    while (take(';')) {
      std::optional<ExtensionParameter> one = parameter();
      if (!one) return std::nullopt;
      result.parameters.push_back(std::move(*one));
    }
    return result;
  }

  std::optional<ExtensionParameter> parameter() {
    ExtensionParameter result;
    result.name = token();
    if (result.name.empty()) return std::nullopt;
    if (take('=')) {
      std::string value = peek() == '"' ? quoted() : token();
      // A quoted value, too, must be a token once the quotes are undone (RFC 6455, section 9.1).
      if (value.empty() || !std::all_of(value.begin(), value.end(), is_token_char)) return std::nullopt;
      result.value = std::move(value);
    }
    return result;
  }

  std::string token() {
    skip_blanks();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
    std::string result(rest_.begin(), end);
    rest_.remove_prefix(result.size());
    return result;
  }

  /// Empty when the closing quote is missing.
  std::string quoted() {
    std::string result;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return result;
      }
      if (rest_[i] == '\\') ++i;
      if (i < rest_.size()) result += rest_[i];
    }
    return {};
  }

  char peek() {
    skip_blanks();
    return rest_.empty() ? '\0' : rest_.front();
  }

  bool take(char wanted) {
    if (peek() != wanted || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

bool list_contains(std::string_view list, std::string_view token) {
  for (std::string_view one = next_element(list); !one.empty(); one = next_element(list)) {
    if (equal_ignoring_case(one, token)) return true;
  }
  return false;
}

std::string_view next_element(std::string_view& list) {
  while (!list.empty()) {
    const std::string_view element = trim(list.substr(0, list.find(',')));
    list.remove_prefix(std::min(list.find(','), list.size() - 1) + 1);
    if (!element.empty()) return element;
  }
  return {};
}

std::optional<std::vector<Extension>> parse_extensions(std::string_view value) {
  return ExtensionParser(value).list();
}

}  // namespace coyield::server::websocket
