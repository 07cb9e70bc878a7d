#pragma once
#include <coyield/config/component.hpp>
#include <coyield/config/template.hpp>
#include <map>
#include <optional>
#include <string>
#include <utility>

/// A made-up catalogue with a parameter of every type, and requests and environments that are plain maps.
namespace coyield::config::sample {

Catalogue catalogue();

/// A component of that catalogue.
std::shared_ptr<const Component> component(std::string_view name);

class Request final : public RequestValues {
 public:
  explicit Request(std::map<std::string, std::string> values = {}) : values_(std::move(values)) {}

  std::optional<std::string> find(Origin origin, std::string_view name) const override {
    auto value = values_.find(to_string(Reference{origin, std::string(name)}));
    return value == values_.end() ? std::nullopt : std::optional(value->second);
  }

 private:
  std::map<std::string, std::string> values_;  // "query.n" to its value
};

/// `request({{"query.n", "5"}})`
inline Request request(std::map<std::string, std::string> values) { return Request(std::move(values)); }

inline Environment environment(std::map<std::string, std::string> variables) {
  return [variables = std::move(variables)](std::string_view name) -> std::optional<std::string> {
    auto variable = variables.find(std::string(name));
    return variable == variables.end() ? std::nullopt : std::optional(variable->second);
  };
}

}  // namespace coyield::config::sample
