#include <algorithm>
#include <coyield/config/component.hpp>
#include <coyield/config/detail/convert.hpp>
#include <stdexcept>

namespace coyield::config {
namespace {

constexpr std::size_t most_parameters = 64;  // Arguments::State keeps a bit for each

void expect(bool condition, const Component& component, const std::string& sentence) {
  if (!condition) throw std::logic_error(component.name + ": " + sentence);
}

void check_parameter(const Component& component, const Parameter& parameter) {
  auto has_type = [&](const Value& value) { return value.none() || detail::has_type(value, parameter.type); };
  expect(!parameter.name.empty(), component, "a parameter has no name");
  expect(has_type(parameter.default_value), component,
         "the default of " + parameter.name + " is of another type");
  expect(has_type(parameter.minimum) && has_type(parameter.maximum), component,
         "a bound of " + parameter.name + " is of another type");
  expect(!parameter.required || parameter.default_value.none(), component,
         parameter.name + " is required and has a default");
  expect(parameter.filling != Filling::argument || parameter.type == ParameterType::list, component,
         parameter.name + " is to have arguments and is no list");
  const bool in_text = parameter.filling == Filling::url || parameter.filling == Filling::path;
  expect(!in_text || parameter.type == ParameterType::text, component,
         parameter.name + " is to be a URL and is no text");
  expect(parameter.choices.empty() == (parameter.type != ParameterType::choice), component,
         parameter.name + " has choices and is no choice, or the reverse");
  if (parameter.default_value.none()) return;
  auto mistake = detail::check_bounds(parameter, parameter.default_value);
  expect(!mistake, component, "the default of " + parameter.name + " is not allowed by its own bounds");
}

void check_component(const Component& component) {
  expect(!component.name.empty(), component, "a component has no name");
  expect(component.parameters.size() <= most_parameters, component, "more than 64 parameters");
  expect(component.main.empty() || component.find(component.main), component,
         "its main parameter does not exist");
  if (const auto condition = component.find(component.reads_input_if); !component.reads_input_if.empty()) {
    expect(condition && component.parameters[*condition].type == ParameterType::boolean, component,
           "what decides whether it takes input is no boolean parameter of its own");
  }
  for (std::size_t i = 0; i < component.parameters.size(); ++i) {
    check_parameter(component, component.parameters[i]);
    expect(component.find(component.parameters[i].name) == i, component, "a parameter is described twice");
  }
}

}  // namespace

std::string_view type_name(ParameterType type) {
  switch (type) {
    case ParameterType::boolean:
      return "true or false";
    case ParameterType::integer:
      return "a whole number";
    case ParameterType::number:
      return "a number";
    case ParameterType::duration:
      return "a duration";
    case ParameterType::size:
      return "a size";
    case ParameterType::text:
      return "text";
    case ParameterType::choice:
      return "one of a few texts";
    case ParameterType::json:
      return "any JSON value";
    case ParameterType::list:
      return "a list of texts";
    case ParameterType::streams:
      return "a list of sources";
    case ParameterType::operators:
      return "a list of operators";
  }
  return "a value";
}

std::string_view kind_name(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::source:
      return "source";
    case ComponentKind::operator_:
      return "operator";
    case ComponentKind::format:
      return "format";
  }
  return "component";
}

Mistake with_place(const ParameterMistake& refusal) {
  const auto is_index = [](const std::string& token) {
    return token.find_first_not_of("0123456789") == std::string::npos;
  };
  Mistake mistake = refusal.mistake;
  for (auto place = refusal.place; !place.empty(); place.pop_back()) {
    const auto name = in_quotes(place.back());
    const bool said = place == refusal.place && mistake.what.starts_with(name);
    if (!is_index(place.back()) && !said) mistake.what = name + ": " + mistake.what;
  }
  return mistake;
}

std::optional<std::size_t> Component::find(std::string_view parameter) const {
  auto found = std::ranges::find(parameters, parameter, &Parameter::name);
  if (found == parameters.end()) return std::nullopt;
  return static_cast<std::size_t>(found - parameters.begin());
}

void Catalogue::add(Component component) {
  check_component(component);
  expect(!find(component.kind, component.name), component, "there is another of that kind and name");
  components_.push_back(std::make_shared<const Component>(std::move(component)));
}

std::shared_ptr<const Component> Catalogue::find(ComponentKind kind, std::string_view name) const {
  auto found = std::ranges::find_if(components_,
                                    [&](const auto& one) { return one->kind == kind && one->name == name; });
  return found == components_.end() ? nullptr : *found;
}

std::vector<std::string> Catalogue::names(ComponentKind kind) const {
  std::vector<std::string> out;
  for (const auto& component : components_) {
    if (component->kind == kind) out.push_back(component->name);
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace coyield::config
