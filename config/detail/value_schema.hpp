#pragma once
#include <coyield/config/component.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace coyield::config::detail {

/// JSON Schema of a parameter's value, with its default; substitutions may stand for it.
nlohmann::json value_schema(const Parameter& parameter);

/// A value in JSON, or a text that becomes one when it is filled in.
nlohmann::json or_substitution(nlohmann::json schema);

/// What stands under that name in `$defs`: `source`, `operator`.
nlohmann::json reference(const std::string& definition);

/// JSON Schema of a source or operator of the catalogue.
nlohmann::json component_schema(const Catalogue& catalogue, ComponentKind kind);

/// `max_header` as a title: `Max header`.
std::string title_of(std::string_view name);

}  // namespace coyield::config::detail
