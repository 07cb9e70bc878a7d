#pragma once
#include <coyield/config/configuration.hpp>
#include <coyield/config/detail/scope.hpp>
#include <nlohmann/json.hpp>
#include <optional>

namespace coyield::config::detail {

/// Reads who may ask: `"anyone"`, a list of bearer tokens, or `{ "file": "/run/secrets/token" }`, which may
/// also stand in the list. A file has one token a line; empty lines and those that begin with `#` are passed
/// over. It is read here and now, so that `check` tells what is wrong with it.
///
/// Tokens are secrets: no problem repeats one.
std::optional<Access> read_access(const Scope& scope, const Node& node);

nlohmann::json access_schema();

}  // namespace coyield::config::detail
