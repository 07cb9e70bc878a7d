#pragma once
#include <coyield/config/component_config.hpp>
#include <coyield/config/detail/scope.hpp>
#include <optional>

namespace coyield::config::detail {

/// Reads a source or an operator: `{ "clock": { "interval": "1s" } }`, `{ "take": 5 }`, `"echo"`. Nothing,
/// and problems, where it is none.
std::optional<ComponentConfig> read_component(const Scope& scope, ComponentKind kind, const Node& node);

/// Reads a list of operators, behind those that there are. What is none is a problem and left out.
void read_pipeline(const Scope& scope, const Node& node, std::vector<ComponentConfig>& pipeline);

}  // namespace coyield::config::detail
