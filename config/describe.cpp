#include <algorithm>
#include <coyield/config/describe.hpp>

namespace coyield::config {
namespace {

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::string choices_of(const Parameter& parameter) {
  std::string out;
  for (const auto& choice : parameter.choices) out += (out.empty() ? "" : " | ") + in_quotes(choice);
  return out;
}

std::string bounds_of(const Parameter& parameter) {
  if (parameter.minimum.none() && parameter.maximum.none()) return {};
  if (parameter.maximum.none()) return ", at least " + to_string(parameter.minimum);
  if (parameter.minimum.none()) return ", at most " + to_string(parameter.maximum);
  return ", from " + to_string(parameter.minimum) + " to " + to_string(parameter.maximum);
}

/// `a duration, at least "1ms", default "1s"`.
std::string describe_value(const Parameter& parameter) {
  std::string out =
      parameter.choices.empty() ? std::string(type_name(parameter.type)) : choices_of(parameter);
  out += bounds_of(parameter);
  if (parameter.required) return out + ", required";
  return out + (parameter.default_value.none() ? ", may be left out"
                                               : ", default " + to_string(parameter.default_value));
}

std::string describe_parameters(const Component& component) {
  std::size_t width = 0;
  for (const auto& parameter : component.parameters) width = std::max(width, parameter.name.size());
  const std::string indent(width + 4, ' ');
  std::string out;
  for (const auto& parameter : component.parameters) {
    out += "  " + padded(parameter.name, width) + "  " + describe_value(parameter) + "\n";
    if (!parameter.summary.empty()) out += indent + parameter.summary + "\n";
    if (!parameter.request_values) out += indent + "Takes no value from a request.\n";
  }
  return out;
}

}  // namespace

std::string describe(const Catalogue& catalogue, ComponentKind kind) {
  const auto names = catalogue.names(kind);
  std::size_t width = 0;
  for (const auto& name : names) width = std::max(width, name.size());
  std::string out;
  for (const auto& name : names)
    out += padded(name, width) + "  " + catalogue.find(kind, name)->summary + "\n";
  return out;
}

std::string describe(const Component& component) {
  std::string out =
      component.name + " (" + std::string(kind_name(component.kind)) + ")\n" + component.summary + "\n";
  if (!component.details.empty()) out += component.details + "\n";
  if (!component.position.empty()) out += "\nPosition:\n" + component.position + "\n";
  if (!component.parameters.empty()) out += "\nParameters:\n" + describe_parameters(component);
  if (!component.main.empty()) {
    out += "\nThe short form { " + in_quotes(component.name) + ": ... } sets \"" + component.main + "\".\n";
  }
  if (!component.example.empty()) out += "\nExample:\n  " + component.example + "\n";
  return out;
}

}  // namespace coyield::config
