#include <cerrno>
#include <coyield/config/detail/access_reader.hpp>
#include <coyield/config/detail/keys.hpp>
#include <cstring>
#include <fstream>
#include <sstream>

namespace coyield::config::detail {
namespace {

using Json = nlohmann::json;

constexpr std::size_t longest_file = 1024 * 1024;
constexpr const char* advice_for_access =
    R"(write "anyone", ["${env.TOKEN}"] or { "file": "/run/secrets/token" })";

const Parameter text_parameter{.name = "text"};

/// What RFC 6750 lets a bearer token consist of: a token with any other character could never be sent.
bool is_token(std::string_view text) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";
  return text.find_first_not_of(allowed) == std::string_view::npos;
}

std::optional<Mistake> check_token(std::string_view token) {
  if (token.empty())
    return Mistake{"an empty token would let in whoever sends none",
                   "write a long random text, or \"${env.TOKEN}\""};
  if (!is_token(token)) {
    return Mistake{"this token could not be sent in a header", "use letters, digits and - . _ ~ + / = alone"};
  }
  return std::nullopt;
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

Checked<std::string> contents(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(longest_file + 1, '\0');
  if (file.is_open()) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad()) {
    return Mistake{in_quotes(path) + " cannot be read: " + std::strerror(errno != 0 ? errno : EIO),
                   "name a file with one token a line that this process may read"};
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > longest_file) {
    return Mistake{in_quotes(path) + " is larger than 1 MiB", "name a file with one token a line"};
  }
  return {boost::system::in_place_value, std::move(text)};
}

struct TokenFile {
  std::string path;

  /// Adds its tokens to those that are there.
  std::optional<Mistake> read(std::vector<std::string>& tokens) const {
    const auto text = contents(path);
    if (!text) return text.error();
    std::istringstream lines(*text);
    const std::size_t before = tokens.size();
    std::size_t number = 0;
    for (std::string line; std::getline(lines, line);) {
      ++number;
      const std::string_view token = trimmed(line);
      if (token.empty() || token.starts_with('#')) continue;
      if (!is_token(token)) {
        return Mistake{
            "line " + std::to_string(number) + " of " + in_quotes(path) + " could not be sent in a header",
            "write one token a line, of letters, digits and - . _ ~ + / = alone"};
      }
      tokens.emplace_back(token);
    }
    if (tokens.size() == before)
      return Mistake{in_quotes(path) + " has no token in it", "write one token a line"};
    return std::nullopt;
  }
};

const Keys<TokenFile>& token_file_keys() {
  static const Keys<TokenFile> keys = {
      {"file", "A file with one bearer token a line. It is read when the server starts.",
       [](const Scope& scope, const Node& node, TokenFile& file) {
         if (const auto path = read_value(scope, text_parameter, node)) file.path = *path->as<std::string>();
       },
       [](const Catalogue&) -> Json { return {{"type", "string"}, {"minLength", 1}}; }, true}};
  return keys;
}

void read_file(const Scope& scope, const Node& node, std::vector<std::string>& tokens) {
  const std::size_t problems = scope.problem_count();
  TokenFile file;
  read_object(scope, node, token_file_keys(), file);
  if (scope.problem_count() != problems) return;
  if (auto mistake = file.read(tokens)) scope.key("file").problem(node.position, *mistake);
}

void read_token(const Scope& scope, const Node& node, std::vector<std::string>& tokens) {
  if (node.as<Node::Object>() != nullptr) return read_file(scope, node, tokens);
  const auto value = read_value(scope, text_parameter, node);
  if (!value) return;
  const auto& token = *value->as<std::string>();
  if (auto mistake = check_token(token)) scope.problem(node.position, *mistake);
  tokens.push_back(token);
}

}  // namespace

std::optional<Access> read_access(const Scope& scope, const Node& node) {
  const auto* word = node.as<std::string>();
  if (word && *word == "anyone") return Access{};
  Access access{.tokens = std::vector<std::string>{}};
  if (node.as<Node::Object>() != nullptr) {
    read_file(scope, node, *access.tokens);
    return access;
  }
  const auto* list = node.as<Node::Array>();
  if (!list) {
    scope.problem(node.position, {"neither \"anyone\" nor a list of tokens", advice_for_access});
    return std::nullopt;
  }
  if (list->empty()) scope.problem(node.position, {"an empty list lets nobody in", advice_for_access});
  for (std::size_t i = 0; i < list->size(); ++i) read_token(scope.index(i), (*list)[i], *access.tokens);
  return access;
}

Json access_schema() {
  const Json token = {{"type", "string"}, {"minLength", 1}};
  const Json file = object_schema(token_file_keys(), Catalogue());
  const Json tokens = {{"type", "array"}, {"items", {{"anyOf", {token, file}}}}, {"minItems", 1}};
  return {{"anyOf", {{{"const", "anyone"}}, tokens, file}}};
}

}  // namespace coyield::config::detail
