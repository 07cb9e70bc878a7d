#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/handlers/access.hpp>
#include <coyield/handlers/endpoint.hpp>
#include <coyield/handlers/formats/format.hpp>
#include <coyield/handlers/handler.hpp>
#include <coyield/handlers/multiplex.hpp>
#include <coyield/handlers/router.hpp>
#include <coyield/handlers/topics.hpp>
#include <memory>
#include <string_view>
#include <vector>

namespace coyield::handlers {

/// Where a server says whether it is well.
inline constexpr std::string_view health_path = "/.coyield/health";
bool is_health(const Target& target);

/// All that is served: requests in, responses out. It does no I/O and runs no generator.
///
/// Filled before the server starts, and shared by its threads then: `handle` changes nothing in it, and may
/// be called from all of them at once.
class Application final : public Handler {
 public:
  /// `formats` is in the order in which they are preferred, the default first.
  Application(const config::ServerConfig& server, std::vector<Format> formats);

  /// Throws std::invalid_argument when another endpoint answers to the same paths, or its format is not
  /// known.
  void add(config::EndpointConfig config, StreamFactory factory);

  /// Never throws but for want of memory: whatever is wrong becomes a problem document.
  Response handle(const Request& request, generators::SourceContext&& context) const override;

  /// The stream of the endpoint at `target`, for whoever reads it within the process: without access and
  /// format, as `Endpoint::begin`. Throws Failure(not_found) where there is none, Failure(invalid) where a
  /// value is wrong.
  Pull begin(std::string_view target, generators::SourceContext&& context) const;

  const TopicRules& topics() const noexcept { return topics_; }
  const std::vector<std::unique_ptr<Endpoint>>& endpoints() const noexcept { return endpoints_; }
  const std::vector<Format>& formats() const noexcept { return formats_; }

 private:
  Response answer_without_endpoint(const Request& request, const Target& target) const;

  config::ServerConfig server_;
  std::vector<Format> formats_;
  Tokens tokens_;  // that any endpoint takes
  MultiplexHandler multiplex_;
  Router router_;
  TopicRules topics_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
};

}  // namespace coyield::handlers
