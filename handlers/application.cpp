#include <coyield/handlers/application.hpp>

#include <coyield/config/mistake.hpp>
#include <coyield/handlers/client_script.hpp>
#include <coyield/handlers/host.hpp>
#include <coyield/handlers/target.hpp>
#include <stdexcept>
#include <utility>

namespace coyield::handlers {

namespace {

Response with_methods(Response response) {
  response.fields.add("Allow", "GET, HEAD, OPTIONS");
  return response;
}

Response options() {
  Response response;
  response.status = 204;
  return with_methods(std::move(response));
}

/// What is there to be read, and no more.
Response read_only(const Request& request, Response (*answer)(const Request&)) {
  if (request.method == Method::options) return options();
  if (is_safe(request.method)) return answer(request);
  return with_methods(
      problem(405, "the method " + config::in_quotes(request.method_text) + " is not for this"));
}

Response health(const Request& request) {
  Response response;
  response.status = request.draining ? 503 : 200;
  response.fields.add("Content-Type", "application/json").add("Cache-Control", "no-store");
  response.body = std::string(request.draining ? "{\"status\":\"draining\"}\n" : "{\"status\":\"well\"}\n");
  return response;
}

Response nothing_served(const Request& request) {
  return problem(
      404, "nothing is served at " + config::in_quotes(request.target.substr(0, request.target.find('?'))));
}

}  // namespace

bool is_health(const Target& target) {
  return target.segments.size() == 2 && target.segments[0] == ".coyield" && target.segments[1] == "health";
}

Application::Application(const config::ServerConfig& server, std::vector<Format> formats)
    : server_(server), formats_(std::move(formats)), multiplex_(server_, formats_) {}

void Application::add(config::EndpointConfig config, StreamFactory factory) {
  for (const config::Access* access : {&config.access, config.publish ? &config.publish->access : nullptr}) {
    if (access != nullptr && !access->anyone())
      tokens_.insert(access->tokens->begin(), access->tokens->end());
  }
  auto endpoint = std::make_unique<Endpoint>(std::move(config), server_, formats_, tokens_,
                                             std::move(factory), endpoints_.size());
  if (!router_.add(endpoint->pattern(), endpoints_.size())) {
    throw std::invalid_argument("another endpoint answers to the paths of \"" + endpoint->pattern().text +
                                "\" already");
  }
  topics_.add(endpoint->config(), endpoints_.size());
  endpoints_.push_back(std::move(endpoint));
}

Response Application::answer_without_endpoint(const Request& request, const Target& target) const {
  if (request.envelope != nullptr) return nothing_served(request);  // streams alone are told of in envelopes
  if (target.asterisk) {
    if (request.method != Method::options) return problem(400, "the target \"*\" is for OPTIONS alone");
    return options();
  }
  if (is_health(target)) return read_only(request, health);
  if (is_client_script(target)) return read_only(request, client_script);
  if (auto several = multiplex_.handle(request, target)) return *std::move(several);
  return nothing_served(request);
}

Pull Application::begin(std::string_view target, generators::SourceContext&& context) const {
  using generators::Failure;
  using generators::FailureKind;
  const auto parsed = parse_target(target);
  if (!parsed) throw Failure(FailureKind::invalid, config::to_string(parsed.error()));
  const auto match = router_.find(parsed->segments);
  if (!match) throw Failure(FailureKind::not_found, "no endpoint answers to " + config::in_quotes(target));
  return endpoints_[match->endpoint]->begin(*parsed, match->values, std::move(context));
}

Response Application::handle(const Request& request, generators::SourceContext&& context) const {
  auto target = parse_target(request.target);
  if (target) {
    if (auto refusal = refuse_host(request, *target, server_.hosts)) return *std::move(refusal);
    if (auto match = router_.find(target->segments); match && !target->asterisk)
      return endpoints_[match->endpoint]->handle(request, *target, match->values, std::move(context));
  }
  Response response =
      target ? answer_without_endpoint(request, *target) : problem(400, config::to_string(target.error()));
  add_cors_fields(request, server_.cors, response);
  return response;
}

}  // namespace coyield::handlers
