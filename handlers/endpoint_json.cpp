#include <coyield/handlers/endpoint_json.hpp>

#include <coyield/handlers/mounted.hpp>
#include <coyield/handlers/request_parameters.hpp>
#include <nlohmann/json.hpp>

namespace coyield::handlers {

namespace {

using Json = nlohmann::ordered_json;
using config::Parameter;
using config::ParameterType;

/// With units, as a person writes it.
Json value_json(const config::Value& value) { return Json(config::to_json(value)); }

std::string_view type_word(ParameterType type) {
  switch (type) {
    case ParameterType::boolean:
      return "boolean";
    case ParameterType::integer:
      return "integer";
    case ParameterType::number:
      return "number";
    case ParameterType::duration:
      return "duration";
    case ParameterType::size:
      return "size";
    case ParameterType::choice:
      return "choice";
    default:
      return "text";
  }
}

void add_description(Json& json, const Parameter& parameter) {
  json["summary"] = parameter.summary;
  if (!parameter.minimum.none()) json["minimum"] = value_json(parameter.minimum);
  if (!parameter.maximum.none()) json["maximum"] = value_json(parameter.maximum);
  if (!parameter.choices.empty()) json["choices"] = parameter.choices;
}

Json describe(const RequestParameter& parameter) {
  Json json = {{"in", config::origin_name(parameter.reference.origin)}, {"name", parameter.reference.name}};
  if (parameter.rest) json["rest"] = true;
  json["required"] = !parameter.fallback;
  if (parameter.fallback) json["default"] = *parameter.fallback;
  json["type"] = parameter.described ? type_word(parameter.described->type) : "text";
  if (!parameter.of.empty()) json["of"] = parameter.of;
  if (parameter.described != nullptr) add_description(json, *parameter.described);
  return json;
}

Json describe(const config::ComponentConfig& component) {
  return {{"name", component.name()}, {"summary", component.component().summary}};
}

Json describe(const config::Share& share) {
  constexpr std::string_view policies[] = {"disconnect", "drop_oldest", "drop_newest", "latest", "block"};
  Json json = {{"slow", policies[static_cast<std::size_t>(share.slow)]}};
  if (share.replay.items) json["replay_items"] = *share.replay.items;
  return json;
}

Json describe(const config::EndpointConfig& endpoint, std::string_view default_format) {
  Json json = {{"pattern", endpoint.pattern.text}};
  if (!endpoint.title.empty()) json["title"] = endpoint.title;
  if (!endpoint.description.empty()) json["description"] = endpoint.description;
  if (!endpoint.source.empty()) {
    json["source"] = describe(endpoint.source);
    json["source"]["example"] = endpoint.source.component().example;
  }
  json["pipeline"] = Json::array();
  for (const auto& step : endpoint.pipeline) json["pipeline"].push_back(describe(step));
  json["parameters"] = Json::array();
  for (const auto& parameter : request_parameters(endpoint))
    json["parameters"].push_back(describe(parameter));
  json["format"] = endpoint.format.empty() ? default_format : std::string_view(endpoint.format);
  if (endpoint.share) json["share"] = describe(*endpoint.share);
  if (!endpoint.query_operators.empty()) json["query_operators"] = endpoint.query_operators;
  json["finite"] = endpoint.finite;
  json["input"] = endpoint.input;
  json["token"] = !endpoint.access.anyone();
  json["publish"] = endpoint.publish.has_value();
  return json;
}

Json describe(const Format& format) {
  return {{"name", format.name()},
          {"summary", format.description.summary},
          {"media_type", format.media_type},
          {"binary", format.binary},
          {"over_websocket", format.over_websocket}};
}

}  // namespace

std::string endpoints_json(const Application& application, const Monitor& monitor) {
  Json json = {{"serve", serve_prefix},
               {"addresses", monitor.addresses()},
               {"formats", Json::array()},
               {"endpoints", Json::array()}};
  for (const Format& format : application.formats()) {
    if (format.over_http()) json["formats"].push_back(describe(format));
  }
  for (const auto& endpoint : application.endpoints())
    json["endpoints"].push_back(describe(endpoint->config(), application.formats().front().name()));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace coyield::handlers
