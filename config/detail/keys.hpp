#pragma once
#include <algorithm>
#include <coyield/config/configuration.hpp>
#include <coyield/config/detail/scope.hpp>
#include <coyield/config/detail/value_schema.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace coyield::config::detail {

/// One key of an object of the configuration that fills in a `T`: what it is called and means, how it is
/// read, and its schema. The loader and the schema both go through tables of these, so neither can know a key
/// that the other does not.
template <class T>
struct Key {
  std::string name;
  std::string summary;
  std::function<void(const Scope&, const Node&, T&)> read;
  std::function<nlohmann::json(const Catalogue&)> schema;  ///< of the value, without title and description
  bool required = false;
};

template <class T>
using Keys = std::vector<Key<T>>;

/// The objects between which people mistake where a key belongs.
enum class Section { top, server, endpoint, other };

template <class T>
constexpr Section section_of() {
  if (std::is_same_v<T, Configuration>) return Section::top;
  if (std::is_same_v<T, ServerConfig>) return Section::server;
  return std::is_same_v<T, EndpointConfig> ? Section::endpoint : Section::other;
}

/// What is wrong with a key that is none of the section's, where more can be said than that it is unknown: it
/// belongs elsewhere, names a source or an operator, or stands for something that there is not.
std::optional<Mistake> explain_key(const Scope& scope, const Member& member, Section section);

/// Where nothing is known of a key: where it belongs, or what else there is. Gives the advice.
template <class T>
std::string report_unknown(const Scope& scope, const Member& member, const Keys<T>& keys) {
  if (const auto mistake = explain_key(scope, member, section_of<T>())) {
    scope.key(member.key).problem(member.position, *mistake);
    return mistake->advice;
  }
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(key.name);
  std::string advice = advise(member.key, names);
  scope.key(member.key).problem(member.position, {"unknown key", advice});
  return advice;
}

/// The key that an object cannot do without, else the first.
template <class T>
const std::string& first_to_write(const Keys<T>& keys) {
  const auto required = std::ranges::find(keys, true, &Key<T>::required);
  return required == keys.end() ? keys.front().name : required->name;
}

/// Reads an object, its keys in the order of the table, so that one may rely on those before it. Unknown
/// keys, keys given twice and required ones left out are problems.
template <class T>
void read_object(const Scope& scope, const Node& node, const Keys<T>& keys, T& out) {
  const auto* object = node.as<Node::Object>();
  if (!object) {
    return scope.problem(node.position, {std::string(kind_name(node.kind())) + " is not an object",
                                         "write { " + in_quotes(first_to_write(keys)) + ": ... }"});
  }
  std::string advice;  // on all unknown keys
  each_member(scope, *object, [&](const Member& member) {
    if (std::ranges::find(keys, member.key, &Key<T>::name) == keys.end())
      advice += report_unknown(scope, member, keys);
  });
  for (const auto& key : keys) {
    const auto inner = scope.key(key.name);
    if (const Node* value = node.find(key.name)) {
      key.read(inner, *value, out);
    } else if (key.required && advice.find(in_quotes(key.name)) == std::string::npos) {
      inner.problem(node.position,
                    {"missing, and required", "write " + in_quotes(key.name) + " (" + key.summary + ")"});
    }
  }
}

template <class T>
nlohmann::json object_schema(const Keys<T>& keys, const Catalogue& catalogue) {
  nlohmann::json schema = {
      {"type", "object"}, {"additionalProperties", false}, {"properties", nlohmann::json::object()}};
  for (const auto& key : keys) {
    auto property = key.schema(catalogue);
    property["title"] = title_of(key.name);
    property["description"] = key.summary;
    schema["properties"][key.name] = std::move(property);
    if (key.required) schema["required"].push_back(key.name);
  }
  return schema;
}

template <class M>
struct unwrapped {
  using type = M;
};
template <class M>
struct unwrapped<std::optional<M>> {
  using type = M;
};

/// The parameter type of a plain member. 64-bit numbers without a sign are sizes; counts are `unsigned`.
template <class M>
constexpr ParameterType type_of() {
  using Plain = typename unwrapped<M>::type;
  if constexpr (std::is_same_v<Plain, bool>) return ParameterType::boolean;
  if constexpr (std::is_same_v<Plain, unsigned>) return ParameterType::integer;
  if constexpr (std::is_same_v<Plain, std::uint64_t>) return ParameterType::size;
  if constexpr (std::is_same_v<Plain, std::chrono::nanoseconds>) return ParameterType::duration;
  if constexpr (std::is_same_v<Plain, std::string>) return ParameterType::text;
}

template <class M>
Value to_value(const M& member) {
  if constexpr (std::is_same_v<M, std::uint64_t>) {
    return Value(Size{member});
  } else {
    return Value(member);
  }
}
template <class M>
Value to_value(const std::optional<M>& member) {
  return member ? to_value(*member) : Value();
}

template <class M>
M from_value(const Value& value) {
  if constexpr (std::is_same_v<M, std::uint64_t>) {
    return value.as<Size>()->bytes;
  } else if constexpr (std::is_same_v<M, unsigned>) {
    return static_cast<unsigned>(*value.as<std::int64_t>());
  } else {
    return *value.as<M>();
  }
}

struct Bounds {
  Value minimum = {};
  Value maximum = {};
};

/// A key that holds one plain value. Its default is what a fresh `T` has.
template <class T, class M>
Key<T> field(std::string name, M T::* member, std::string summary, const Bounds& bounds = {}) {
  Parameter description{.name = name, .type = type_of<M>(), .summary = summary};
  description.default_value = to_value(T{}.*member);
  description.minimum = bounds.minimum;
  description.maximum = bounds.maximum;
  description.request_values = false;
  auto read = [description, member](const Scope& scope, const Node& node, T& out) {
    auto value = read_value(scope, description, node);
    if (value) out.*member = from_value<typename unwrapped<M>::type>(*value);
  };
  return {std::move(name), std::move(summary), std::move(read),
          [description](const Catalogue&) { return value_schema(description); }};
}

/// A key that holds an object with keys of its own.
template <class T, class M>
Key<T> section(std::string name, M T::* member, std::string summary,
               const Keys<typename unwrapped<M>::type>& keys) {
  auto read = [&keys, member](const Scope& scope, const Node& node, T& out) {
    typename unwrapped<M>::type inner{};
    read_object(scope, node, keys, inner);
    out.*member = std::move(inner);
  };
  return {std::move(name), std::move(summary), std::move(read),
          [&keys](const Catalogue& catalogue) { return object_schema(keys, catalogue); }};
}

/// One of a few words that stand for the values of an enum, in its order.
template <class T, class E>
Key<T> choice(std::string name, E T::* member, std::string summary, std::vector<std::string> words) {
  Parameter description{.name = name, .type = ParameterType::choice, .choices = std::move(words)};
  description.default_value = description.choices[static_cast<std::size_t>(T{}.*member)];
  auto read = [description, member](const Scope& scope, const Node& node, T& out) {
    auto value = read_value(scope, description, node);
    if (!value) return;
    auto word = std::ranges::find(description.choices, *value->as<std::string>());
    out.*member = static_cast<E>(word - description.choices.begin());
  };
  return {std::move(name), std::move(summary), std::move(read),
          [description](const Catalogue&) { return value_schema(description); }};
}

/// The keys of the file's outermost object, and with them all others.
const Keys<Configuration>& configuration_keys();
const Keys<ServerConfig>& server_keys();
const Keys<EndpointConfig>& endpoint_keys();

}  // namespace coyield::config::detail
