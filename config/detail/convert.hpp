#pragma once
#include <coyield/config/component.hpp>
#include <coyield/config/document.hpp>
#include <coyield/config/mistake.hpp>
#include <optional>
#include <string_view>

namespace coyield::config::detail {

/// Whether the value is of the C++ type that parameters of this type have.
bool has_type(const Value& value, ParameterType type);

/// What is wrong with a value of the right type: out of bounds, or none of the choices.
std::optional<Mistake> check_bounds(const Parameter& parameter, const Value& value);

/// The parameter's value as it stands in a configuration. Texts are taken as they are.
Checked<Value> convert(const Parameter& parameter, const Node& node);

/// The parameter's value as a text that was filled in: `5`, `true`, `250ms`, for json any JSON. A list of
/// one.
Checked<Value> convert(const Parameter& parameter, std::string_view text);

}  // namespace coyield::config::detail
