#include <coyield/config/detail/value_schema.hpp>

namespace coyield::config::detail {
namespace {

using Json = nlohmann::json;

constexpr const char* substitution = R"(\$\{(path|query|header|claim|env)\.[^}]+\})";

Json bounded(const Parameter& parameter, const char* type) {
  Json schema = {{"type", type}};
  if (!parameter.minimum.none()) schema["minimum"] = to_json(parameter.minimum);
  if (!parameter.maximum.none()) schema["maximum"] = to_json(parameter.maximum);
  return schema;
}

Json text_like(const std::string& pattern) {
  return {{"type", "string"}, {"pattern", "^" + pattern + "$|" + substitution}};
}

}  // namespace

Json reference(const std::string& definition) { return {{"$ref", "#/$defs/" + definition}}; }

Json or_substitution(Json schema) {
  return {{"anyOf", Json::array({std::move(schema), {{"type", "string"}, {"pattern", substitution}}})}};
}

namespace {

/// A source alone, or with operators behind it.
Json stream_schema() {
  Json stream = {{"type", "object"}, {"additionalProperties", false}, {"required", {"source"}}};
  stream["properties"] = {{"source", reference("source")},
                          {"pipeline", {{"type", "array"}, {"items", reference("operator")}}}};
  return {{"anyOf", Json::array({reference("source"), std::move(stream)})}};
}

Json plain_schema(const Parameter& parameter) {
  switch (parameter.type) {
    case ParameterType::boolean:
      return or_substitution({{"type", "boolean"}});
    case ParameterType::integer:
      return or_substitution(bounded(parameter, "integer"));
    case ParameterType::number:
      return or_substitution(bounded(parameter, "number"));
    case ParameterType::duration:
      return text_like(R"([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))");
    case ParameterType::size:
      return text_like("[0-9]+(\\.[0-9]+)?([KMGT]i?)?B");
    case ParameterType::text:
      return {{"type", "string"}};
    case ParameterType::choice:
      return or_substitution({{"enum", parameter.choices}});
    case ParameterType::json:
      return Json::object();
    case ParameterType::list:
      return {{"type", "array"}, {"items", {{"type", "string"}}}};
    case ParameterType::streams:
      return {{"type", "array"}, {"items", stream_schema()}, {"minItems", 1}};
    case ParameterType::operators:
      return {{"type", "array"}, {"items", reference("operator")}, {"minItems", 1}};
  }
  return Json::object();
}

bool may_be_null(const Parameter& parameter) {
  return !parameter.required && parameter.default_value.none() && parameter.type != ParameterType::json;
}

Json parameters_schema(const Component& component) {
  Json schema = {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
  for (const auto& parameter : component.parameters) {
    auto property = value_schema(parameter);
    if (may_be_null(parameter))
      property = {{"anyOf", Json::array({std::move(property), {{"type", "null"}}})}};
    property["title"] = title_of(parameter.name);
    property["description"] = parameter.summary;
    schema["properties"][parameter.name] = std::move(property);
    if (parameter.required) schema["required"].push_back(parameter.name);
  }
  return schema;
}

/// The parameters in braces, or the main one alone.
Json arguments_schema(const Component& component) {
  auto schema = parameters_schema(component);
  if (auto main = component.find(component.main)) {
    auto short_form = value_schema(component.parameters[*main]);
    short_form.erase("default");
    schema = {{"anyOf", Json::array({std::move(schema), std::move(short_form)})}};
  }
  schema["title"] = component.name;
  schema["description"] =
      component.details.empty() ? component.summary : component.summary + " " + component.details;
  return schema;
}

}  // namespace

std::string title_of(std::string_view name) {
  std::string title(name);
  for (char& c : title) c = c == '_' ? ' ' : c;
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

Json value_schema(const Parameter& parameter) {
  auto schema = plain_schema(parameter);
  if (!parameter.default_value.none()) schema["default"] = to_json(parameter.default_value);
  return schema;
}

Json component_schema(const Catalogue& catalogue, ComponentKind kind) {
  Json braces = {
      {"type", "object"}, {"additionalProperties", false}, {"minProperties", 1}, {"maxProperties", 1}};
  braces["properties"] = Json::object();
  Json names = Json::array();
  for (const auto& name : catalogue.names(kind)) {
    braces["properties"][name] = arguments_schema(*catalogue.find(kind, name));
    names.push_back(name);
  }
  return {{"anyOf", Json::array({std::move(braces), {{"enum", std::move(names)}}})}};
}

}  // namespace coyield::config::detail
