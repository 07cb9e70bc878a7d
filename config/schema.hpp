#pragma once
#include <coyield/config/component.hpp>
#include <nlohmann/json.hpp>

namespace coyield::config {

/// The JSON Schema (2020-12) of a configuration that uses the components of `catalogue`: what an editor
/// completes and checks with. It says the same as `load`, made from the same descriptions, except for what a
/// schema cannot say (two patterns for the same paths, `${path.x}` that the pattern does not have).
nlohmann::json schema(const Catalogue& catalogue);

}  // namespace coyield::config
