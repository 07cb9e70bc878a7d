#include <coyield/handlers/query_operators.hpp>

#include <algorithm>
#include <array>
#include <coyield/generators/failure.hpp>
#include <coyield/handlers/json_of_query.hpp>
#include <stdexcept>
#include <utility>

namespace coyield::handlers {

namespace {

using generators::AsyncGenerator;
using generators::Failure;
using generators::FailureKind;
using generators::Item;

constexpr std::array<std::string_view, 5> in_order = {"where", "sample", "throttle", "select", "take"};

bool has_json(const config::Component& component) {
  return component.parameters[component.find(component.main).value()].type == config::ParameterType::json;
}

/// Its main parameter is what the query has under its name.
config::ComponentConfig from_query(const config::Component& component) {
  std::vector<config::Value> defaults;
  for (const config::Parameter& parameter : component.parameters) defaults.push_back(parameter.default_value);
  config::ArgumentTemplate argument;
  argument.parameter = component.find(component.main).value();
  argument.parts.push_back({.place = nlohmann::json::json_pointer(),
                            .text = config::Template::of({{component.name, config::Origin::query}})});
  return {std::make_shared<const config::Component>(component),
          std::move(defaults),
          {std::move(argument)},
          {},
          {}};
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Failure(FailureKind::invalid, "the query parameter " + config::in_quotes(name) + ": " + why);
}

}  // namespace

QueryOperators::QueryOperators(const std::vector<std::string>& names, std::size_t max_item)
    : max_item_(max_item) {
  std::vector<generators::Operator> all = generators::all_operators();
  for (const std::string_view name : in_order) {
    const auto found =
        std::find_if(all.begin(), all.end(), [name](const auto& op) { return op.description.name == name; });
    const bool allowed = std::find(names.begin(), names.end(), name) != names.end();
    known_.push_back({*found, from_query(found->description), allowed});
  }
  for (const std::string& name : names) {
    if (std::find(in_order.begin(), in_order.end(), name) == in_order.end())
      throw std::invalid_argument(config::in_quotes(name) + " is no operator that clients may add");
  }
}

QueryOperators::Asked QueryOperators::of(const config::RequestValues& values) const {
  Asked asked;
  std::vector<std::pair<decltype(generators::Operator::apply), config::Arguments>> steps;
  for (const Known& known : known_) {
    const std::string& name = known.op.description.name;
    const auto text = values.find(config::Origin::query, name);
    if (!text) continue;
    if (!known.allowed) refuse(name, "clients may not add this operator here");
    steps.emplace_back(known.op.apply, arguments_of(known, *text, values));
    if (known.op.positions == generators::Positions::lost) asked.forgets_positions = name;
  }
  if (steps.empty()) return asked;
  asked.apply = [steps = std::move(steps), max_item = max_item_](AsyncGenerator<Item> stream) {
    for (const auto& [apply, arguments] : steps)
      stream = apply(std::move(stream), arguments, generators::OperatorContext{.max_item = max_item});
    return stream;
  };
  return asked;
}

config::Arguments QueryOperators::arguments_of(const Known& known, const std::string& text,
                                               const config::RequestValues& values) const {
  const config::Component& component = known.op.description;
  if (!has_json(component)) {
    auto arguments = known.from_query.resolve(values);
    if (!arguments) throw Failure(FailureKind::invalid, arguments.error().sentence);
    return *std::move(arguments);
  }
  const auto json = json_of_query(text);
  if (!json) refuse(component.name, config::to_string(json.error()));
  const auto made = config::ComponentConfig::make(component, {{component.main, *json}});
  if (!made) refuse(component.name, made.error().sentence);
  return made->constants();
}

}  // namespace coyield::handlers
