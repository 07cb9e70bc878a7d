#include <coyield/server/websocket/extension_list.hpp>

#include <algorithm>
#include <coyield/handlers/fields.hpp>

namespace coyield::server::websocket {
namespace {

using handlers::is_token_character;

bool is_blank(char c) { return c == ' ' || c == '\t'; }

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
      if (value.empty() || !std::all_of(value.begin(), value.end(), is_token_character)) return std::nullopt;
      result.value = std::move(value);
    }
    return result;
  }

  std::string token() {
    skip_blanks();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_character);
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

std::optional<std::vector<Extension>> parse_extensions(std::string_view value) {
  return ExtensionParser(value).list();
}

}  // namespace coyield::server::websocket
