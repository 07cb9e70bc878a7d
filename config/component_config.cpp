#include <algorithm>
#include <coyield/config/component_config.hpp>
#include <coyield/config/detail/convert.hpp>
#include <coyield/config/detail/filling.hpp>
#include <coyield/config/streams.hpp>
#include <stdexcept>

namespace coyield::config {
namespace {

using Json = nlohmann::json;
using State = Arguments::State;

bool holds_texts(const Parameter& parameter) {
  return parameter.type == ParameterType::json || parameter.type == ParameterType::list;
}

/// The first value of a request that the template asks for.
const Template::Piece& first_substitution(const ArgumentTemplate& argument) {
  const auto& pieces = argument.parts.front().text.pieces();
  return *std::ranges::find_if(pieces, [](const auto& piece) { return piece.origin.has_value(); });
}

BadArgument bad(const Parameter& parameter, const detail::Unfit& unfit) {
  const Reference& reference = unfit.reference;
  return {parameter.name, to_string(reference),
          describe(reference.origin, reference.name) +
              (unfit.mistake ? ": " + to_string(*unfit.mistake) : " is missing")};
}

BadArgument bad(const Parameter& parameter, const ArgumentTemplate& argument, const Mistake& mistake) {
  const auto& piece = first_substitution(argument);
  return {parameter.name, to_string(Reference{*piece.origin, piece.text}),
          describe(*piece.origin, piece.text) + ": " + to_string(mistake)};
}

Resolved<Value> fill_parts(const Parameter& parameter, const ArgumentTemplate& argument,
                           const RequestValues& values) {
  Json filled = argument.base;
  for (const auto& part : argument.parts) {
    auto text = detail::fill(parameter, part.text, values);
    if (!text) return bad(parameter, text.error());
    filled[part.place] = std::move(*text);
  }
  if (parameter.type == ParameterType::list) return Value(filled.get<std::vector<std::string>>());
  return Value(std::move(filled));
}

Resolved<Value> fill(const Parameter& parameter, const ArgumentTemplate& argument,
                     const RequestValues& values) {
  if (holds_texts(parameter)) return fill_parts(parameter, argument, values);
  auto text = detail::fill(parameter, argument.parts.front().text, values);
  if (!text) return bad(parameter, text.error());
  auto value = detail::convert(parameter, *text);
  if (!value) return bad(parameter, argument, value.error());
  return std::move(*value);
}

/// A mistake that the component itself found. It is the request's if the request filled the parameter in.
BadArgument refused(const ParameterMistake& refusal, const Component& component,
                    std::span<const ArgumentTemplate> templates) {
  for (const auto& argument : templates) {
    const auto& parameter = component.parameters[argument.parameter];
    if (parameter.name == refusal.parameter) return bad(parameter, argument, with_place(refusal));
  }
  return {refusal.parameter, "", in_quotes(refusal.parameter) + ": " + to_string(with_place(refusal))};
}

/// A value given in C++, made to fit where it can: 1 for a number, "x" for any JSON.
Value fitted(const Parameter& parameter, Value value) {
  if (parameter.type == ParameterType::number) {
    if (const auto* whole = value.as<std::int64_t>()) return Value(static_cast<double>(*whole));
  }
  if (parameter.type == ParameterType::json && !value.as<Json>()) return Value(to_json(value));
  return value;
}

std::optional<Mistake> check_given(const Parameter& parameter, const Value& value) {
  if (!detail::has_type(value, parameter.type)) {
    return Mistake{to_string(value) + " is not " + std::string(type_name(parameter.type))};
  }
  return detail::check_bounds(parameter, value);
}

BadArgument not_given(const Parameter& parameter, const std::string& what) {
  return {parameter.name, "", in_quotes(parameter.name) + ": " + what};
}

void add_references(const ArgumentTemplate& argument, std::vector<Reference>& out) {
  for (const auto& part : argument.parts) {
    for (const auto& piece : part.text.pieces()) {
      if (piece.origin) out.push_back({*piece.origin, piece.text});
    }
  }
}

bool is_constant(const NestedStreams& nested) {
  const auto constant = [](const ComponentConfig& config) { return config.constant(); };
  return std::ranges::all_of(*nested.streams, [&](const StreamConfig& stream) {
    return stream.source.constant() && std::ranges::all_of(stream.pipeline, constant);
  });
}

/// `arguments` gives those of each component.
template <class GetArguments>
Value streams_of(const NestedStreams& nested, GetArguments arguments) {
  auto all = std::make_shared<std::vector<StreamArguments>>();
  for (const StreamConfig& stream : *nested.streams) {
    StreamArguments& one = all->emplace_back();
    if (!stream.source.empty()) one.source = arguments(stream.source);
    for (const ComponentConfig& op : stream.pipeline) one.operators.push_back(arguments(op));
  }
  return Value(Streams(std::move(all)));
}

/// What one of them says of the request is what the component says.
Resolved<Value> resolve_streams(const NestedStreams& nested, const RequestValues& values) {
  std::optional<BadArgument> wrong;
  auto streams = streams_of(nested, [&](const ComponentConfig& config) {
    auto arguments = config.resolve(values);
    if (arguments) return *arguments;
    if (!wrong) wrong = arguments.error();
    return config.constants();
  });
  if (wrong) return *wrong;
  return streams;
}

}  // namespace

void throw_exception_from_error(const BadArgument& bad_argument, const boost::source_location&) {
  throw std::invalid_argument(bad_argument.sentence);
}

Resolved<ComponentConfig> ComponentConfig::make(std::shared_ptr<const Component> component,
                                                std::vector<std::pair<std::string, Value>> arguments) {
  std::vector<Value> values;
  for (const auto& parameter : component->parameters) values.push_back(parameter.default_value);
  for (auto& [name, given] : arguments) {
    auto index = component->find(name);
    if (!index) return BadArgument{name, "", component->name + " has no parameter " + in_quotes(name)};
    const auto& parameter = component->parameters[*index];
    auto value = fitted(parameter, std::move(given));
    if (auto mistake = check_given(parameter, value)) return not_given(parameter, to_string(*mistake));
    values[*index] = std::move(value);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& parameter = component->parameters[i];
    if (parameter.required && values[i].none()) return not_given(parameter, "missing, and required");
  }
  ComponentConfig config(std::move(component), std::move(values), {}, {}, {});
  if (const auto check = config.component().check) {
    const auto refusals = check(config.constants());
    if (!refusals.empty()) return refused(refusals.front(), config.component(), {});
  }
  return config;
}

Resolved<ComponentConfig> ComponentConfig::make(Component component,
                                                std::vector<std::pair<std::string, Value>> arguments) {
  return make(std::make_shared<const Component>(std::move(component)), std::move(arguments));
}

ComponentConfig::ComponentConfig(std::shared_ptr<const Component> component, std::vector<Value> constants,
                                 std::vector<ArgumentTemplate> templates, std::vector<NestedStreams> nested,
                                 Position position)
    : position_(position), constant_(templates.empty() && std::ranges::all_of(nested, is_constant)) {
  State state{std::move(component), std::move(constants)};
  for (const auto& argument : templates) state.from_request |= std::uint64_t{1} << argument.parameter;
  for (const auto& each : nested) {
    if (!is_constant(each)) state.from_request |= std::uint64_t{1} << each.parameter;
    state.values[each.parameter] =
        streams_of(each, [](const ComponentConfig& config) { return config.constants(); });
  }
  constants_ = std::make_shared<const State>(std::move(state));
  if (!templates.empty())
    templates_ = std::make_shared<const std::vector<ArgumentTemplate>>(std::move(templates));
  if (!nested.empty()) nested_ = std::make_shared<const std::vector<NestedStreams>>(std::move(nested));
}

Resolved<Arguments> ComponentConfig::resolve(const RequestValues& values) const {
  if (constant()) return Arguments(constants_);
  auto state = std::make_shared<State>(*constants_);
  for (const auto& argument : templates()) {
    auto value = fill(component().parameters[argument.parameter], argument, values);
    if (!value) return value.error();
    state->values[argument.parameter] = std::move(*value);
  }
  for (const auto& each : nested()) {
    auto streams = resolve_streams(each, values);
    if (!streams) return streams.error();
    state->values[each.parameter] = std::move(*streams);
  }
  Arguments arguments(std::move(state));
  if (const auto check = component().check) {
    const auto refusals = check(arguments);
    if (!refusals.empty()) return refused(refusals.front(), component(), templates());
  }
  return arguments;
}

Arguments ComponentConfig::defaults() const {
  auto state = std::make_shared<State>(*constants_);
  for (const auto& argument : templates()) {
    auto value = fill(component().parameters[argument.parameter], argument, NoRequestValues{});
    if (value) state->values[argument.parameter] = std::move(*value);
  }
  for (const auto& each : nested()) {
    state->values[each.parameter] =
        streams_of(each, [](const ComponentConfig& config) { return config.defaults(); });
  }
  return Arguments(std::move(state));
}

Template ComponentConfig::text_of(std::string_view parameter) const {
  const std::size_t place = component().find(parameter).value();
  for (const auto& argument : templates()) {
    if (argument.parameter == place) return argument.parts.front().text;
  }
  return Template::literal(constants().get<std::string>(parameter));
}

std::span<const ArgumentTemplate> ComponentConfig::templates() const {
  if (!templates_) return {};
  return *templates_;
}

std::span<const NestedStreams> ComponentConfig::nested() const {
  if (!nested_) return {};
  return *nested_;
}

std::vector<Reference> ComponentConfig::references() const {
  std::vector<Reference> out;
  if (constant()) return out;
  each_component(*this, [&out](const ComponentConfig& component) {
    for (const auto& argument : component.templates()) add_references(argument, out);
  });
  std::ranges::sort(out);
  out.erase(std::ranges::unique(out).begin(), out.end());
  return out;
}

void each_component(const ComponentConfig& config, const std::function<void(const ComponentConfig&)>& visit) {
  visit(config);
  for (const NestedStreams& nested : config.nested()) {
    for (const StreamConfig& stream : *nested.streams) {
      if (!stream.source.empty()) each_component(stream.source, visit);
      for (const ComponentConfig& op : stream.pipeline) each_component(op, visit);
    }
  }
}

}  // namespace coyield::config
