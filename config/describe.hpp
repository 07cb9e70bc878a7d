#pragma once
#include <coyield/config/component.hpp>
#include <string>

namespace coyield::config {

/// One line per component of the kind: its name and what it is. For `coyield list sources`.
std::string describe(const Catalogue& catalogue, ComponentKind kind);

/// All that is known of one component: parameters with types, units, defaults and bounds, and an example. For
/// `coyield list sources clock`.
std::string describe(const Component& component);

}  // namespace coyield::config
