#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/generators/registry.hpp>
#include <coyield/handlers/endpoint.hpp>

namespace coyield::server {

class Server;

/// The sources and operators that come with coyield.
generators::Registry built_in_components();

/// What a configuration may name: those, and the formats.
config::Catalogue built_in_catalogue(const generators::Registry& registry);

/// Makes the streams of an endpoint of a configuration. `registry` must outlive it.
handlers::StreamFactory pipeline_factory(const config::EndpointConfig& endpoint,
                                         const generators::Registry& registry);

/// Serves the endpoints of a configuration. `registry` must outlive the server.
void add_endpoints(Server& server, const std::vector<config::EndpointConfig>& endpoints,
                   const generators::Registry& registry);

}  // namespace coyield::server
