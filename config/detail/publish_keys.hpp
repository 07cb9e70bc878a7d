#pragma once
#include <coyield/config/configuration.hpp>
#include <coyield/config/detail/keys.hpp>

namespace coyield::config::detail {

/// The key `publish` of an endpoint, and all within it.
Key<EndpointConfig> publish_key();

/// What cannot be published to, whatever `publish` says, and what a topic cannot have.
void check_topic_endpoint(const Scope& scope, const Node& node, const EndpointConfig& endpoint);

/// Endpoints that may be over the same topic have to agree on what holds for it. `endpoints` is where they
/// stand.
void check_topics(const Scope& endpoints, const Configuration& configuration);

}  // namespace coyield::config::detail
