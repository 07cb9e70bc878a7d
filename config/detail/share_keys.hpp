#pragma once
#include <coyield/config/configuration.hpp>
#include <coyield/config/detail/keys.hpp>
#include <optional>
#include <string_view>

namespace coyield::config::detail {

/// The key `share` of an endpoint, and all within it.
Key<EndpointConfig> share_key();

/// What cannot be shared, whatever `share` says.
void check_share(const Scope& scope, const Node& node, const EndpointConfig& endpoint);

}  // namespace coyield::config::detail
