#include <coyield/handlers/application.hpp>

#include <coyield/config/mistake.hpp>
#include <coyield/handlers/host.hpp>
#include <coyield/handlers/target.hpp>
#include <stdexcept>
#include <utility>

namespace coyield::handlers {

namespace {

Response health(const Request& request) {
  if (!is_safe(request.method)) {
    Response response =
        problem(405, "the method " + config::in_quotes(request.method_text) + " is not for this");
    response.fields.add("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  Response response;
  response.status = request.draining ? 503 : 200;
  response.fields.add("Content-Type", "application/json").add("Cache-Control", "no-store");
  response.body = std::string(request.draining ? "{\"status\":\"draining\"}\n" : "{\"status\":\"well\"}\n");
  return response;
}

}  // namespace

Application::Application(const config::ServerConfig& server, std::vector<Format> formats)
    : server_(server), formats_(std::move(formats)) {}

void Application::add(config::EndpointConfig config, StreamFactory factory) {
  if (!config.access.anyone()) tokens_.insert(config.access.tokens->begin(), config.access.tokens->end());
  auto endpoint = std::make_unique<Endpoint>(std::move(config), server_, formats_, tokens_,
                                             std::move(factory), endpoints_.size());
  if (!router_.add(endpoint->pattern(), endpoints_.size())) {
    throw std::invalid_argument("another endpoint answers to the paths of \"" + endpoint->pattern().text +
                                "\" already");
  }
  endpoints_.push_back(std::move(endpoint));
}

Response Application::handle(const Request& request, generators::SourceContext context) const {
  try {
    return route(request, std::move(context));
  } catch (const generators::Failure& failure) {
    return problem(failure);
  }
}

Response Application::route(const Request& request, generators::SourceContext context) const {
  if (auto refusal = refuse_host(request, server_.hosts)) return *std::move(refusal);
  auto target = parse_target(request.target);
  if (!target) return problem(400, config::to_string(target.error()));
  if (target->asterisk) {
    if (request.method != Method::options) return problem(400, "the target \"*\" is for OPTIONS alone");
    Response response;
    response.status = 204;
    response.fields.add("Allow", "GET, HEAD, OPTIONS");
    return response;
  }
  if (request.target == health_path) return health(request);
  auto match = router_.find(target->segments);
  if (!match) {
    return problem(
        404, "nothing is served at " + config::in_quotes(request.target.substr(0, request.target.find('?'))));
  }
  return endpoints_[match->endpoint]->handle(request, *target, match->values, std::move(context));
}

}  // namespace coyield::handlers
