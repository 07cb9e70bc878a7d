// Who does not find a key where it was written learns more from where it belongs than from a list of names.
#include <algorithm>
#include <array>
#include <coyield/config/detail/keys.hpp>
#include <span>

namespace coyield::config::detail {
namespace {

constexpr std::array<std::string_view, 9> words_of_tls = {
    "tls", "ssl", "https", "cert", "certs", "certificate", "certificates", "cert_file", "key_file"};
/// Known elsewhere, and like nothing that there is.
constexpr std::array<std::string_view, 3> words_of_no_key = {"exec", "http", "jq"};

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

template <class T>
bool has(const Keys<T>& keys, std::string_view name) {
  return std::ranges::find(keys, name, &Key<T>::name) != keys.end();
}

std::string shown(const Member& member, bool value_too) {
  constexpr std::size_t longest = 40;
  const auto value = value_too ? to_json(member.value).dump() : std::string();
  return in_quotes(member.key) + ": " + (value_too && value.size() <= longest ? value : "...");
}

/// `"take": 5`, with what was written if that is short.
std::string component(const Member& member) { return shown(member, true); }

/// Lists and objects may have tokens in them, which no message shows.
std::string key(const Member& member) {
  return shown(member, member.value.kind() != Node::Kind::array && member.value.kind() != Node::Kind::object);
}

std::optional<Mistake> explain_at_top(const Member& member) {
  if (member.key.starts_with('/'))
    return Mistake{"a path belongs into \"endpoints\"",
                   "write \"endpoints\": { " + in_quotes(member.key) + ": { \"source\": ... } }"};
  if (has(server_keys(), member.key))
    return Mistake{"it belongs into \"server\"", "write \"server\": { " + key(member) + " }"};
  if (has(endpoint_keys(), member.key))
    return Mistake{"it belongs into an endpoint",
                   "write \"endpoints\": { \"/name\": { " + key(member) + " } }"};
  return std::nullopt;
}

std::optional<Mistake> explain_in_server(const Member& member) {
  if (has(configuration_keys(), member.key))
    return Mistake{"it stands beside \"server\", not in it", "move it out of these braces"};
  if (member.key.starts_with('/'))
    return Mistake{"a path belongs into \"endpoints\", beside \"server\"",
                   "write \"endpoints\": { " + in_quotes(member.key) + ": { \"source\": ... } }"};
  if (has(endpoint_keys(), member.key))
    return Mistake{"it belongs into an endpoint, not into \"server\"",
                   "write \"endpoints\": { \"/name\": { " + key(member) + " } }"};
  return std::nullopt;
}

std::optional<Mistake> explain_in_endpoint(const Scope& scope, const Member& member) {
  const auto name = in_quotes(member.key);
  if (scope.catalogue().find(ComponentKind::source, member.key))
    return Mistake{name + " is a source", "write \"source\": { " + component(member) + " }"};
  if (scope.catalogue().find(ComponentKind::operator_, member.key))
    return Mistake{name + " is an operator", "write \"pipeline\": [{ " + component(member) + " }]"};
  if (scope.catalogue().find(ComponentKind::format, member.key))
    return Mistake{name + " is a format", "write \"format\": " + name};
  if (has(server_keys(), member.key))
    return Mistake{"it belongs into \"server\", not into an endpoint",
                   "write \"server\": { " + key(member) + " } beside \"endpoints\""};
  return std::nullopt;
}

}  // namespace

std::optional<Mistake> explain_key(const Scope& scope, const Member& member, Section section) {
  if (section == Section::other) return std::nullopt;
  if (is_one_of(member.key, words_of_tls))
    return Mistake{"there is no TLS here", "put a proxy such as Caddy or nginx in front"};
  std::optional<Mistake> mistake;
  if (section == Section::top) mistake = explain_at_top(member);
  if (section == Section::server) mistake = explain_in_server(member);
  if (section == Section::endpoint) mistake = explain_in_endpoint(scope, member);
  if (!mistake && is_one_of(member.key, words_of_no_key)) mistake = Mistake{"unknown key"};
  return mistake;
}

}  // namespace coyield::config::detail
