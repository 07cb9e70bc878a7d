#include <coyield/server/built_in.hpp>

#include <coyield/generators/pipeline.hpp>
#include <coyield/handlers/formats/format.hpp>
#include <coyield/server/server.hpp>
#include <memory>

namespace coyield::server {

generators::Registry built_in_components() {
  generators::Registry registry;
  for (generators::Source& source : generators::all_sources()) registry.add(std::move(source));
  for (generators::Operator& op : generators::all_operators()) registry.add(std::move(op));
  return registry;
}

config::Catalogue built_in_catalogue(const generators::Registry& registry) {
  config::Catalogue catalogue = registry.catalogue();
  for (const handlers::Format& format : handlers::all_formats()) catalogue.add(format.description);
  return catalogue;
}

handlers::StreamFactory pipeline_factory(const config::EndpointConfig& endpoint,
                                         const generators::Registry& registry) {
  auto pipeline = std::make_shared<generators::Pipeline>(endpoint.source, endpoint.pipeline, registry);
  return [pipeline](const config::RequestValues& values, generators::SourceContext context) {
    return pipeline->start(values, std::move(context));
  };
}

void add_endpoints(Server& server, const std::vector<config::EndpointConfig>& endpoints,
                   const generators::Registry& registry) {
  for (const config::EndpointConfig& endpoint : endpoints) {
    config::EndpointConfig with = endpoint;
    const generators::Pipeline pipeline(endpoint.source, endpoint.pipeline, registry);
    with.resumable = pipeline.resuming() == generators::Resuming::exact;
    server.stream_items(endpoint.pattern.text, pipeline_factory(endpoint, registry), std::move(with));
  }
}

}  // namespace coyield::server
