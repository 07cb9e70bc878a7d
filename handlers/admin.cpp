#include <coyield/handlers/admin.hpp>

#include <coyield/handlers/access.hpp>
#include <coyield/handlers/application.hpp>
#include <coyield/handlers/host.hpp>
#include <coyield/handlers/metrics.hpp>
#include <nlohmann/json.hpp>

namespace coyield::handlers {

namespace {

using Json = nlohmann::ordered_json;

Response with_body(unsigned status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.fields.add("Content-Type", content_type).add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Response with_json(unsigned status, const Json& json) {
  return with_body(status, "application/json", text_of(json) + "\n");
}

Response method_not_allowed(const Request& request, std::string_view allowed) {
  Response response = problem(405, "the method " + config::in_quotes(request.method_text) +
                                       " is not for this; it has " + std::string(allowed));
  response.fields.add("Allow", allowed);
  return response;
}

Response no_content() {
  Response response;
  response.status = 204;
  return response;
}

Response no_such_stream(const std::string& id) {
  return problem(404, "no stream " + config::in_quotes(id) + " runs; GET /streams lists those that do");
}

std::string_view state_name(StreamState state) {
  switch (state) {
    case StreamState::running:
      return "running";
    case StreamState::client:
      return "client";
    case StreamState::timer:
    case StreamState::operation:
    case StreamState::event:
      return "source";
  }
  return "running";
}

std::string_view awaited_by_source(StreamState state) {
  switch (state) {
    case StreamState::timer:
      return "timer";
    case StreamState::operation:
      return "io";
    case StreamState::event:
      return "event";
    default:
      return "";
  }
}

/// To the millisecond.
double seconds_of(std::chrono::nanoseconds time) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  return static_cast<double>(milliseconds) / 1000;
}

Json describe(const StreamInfo& stream) {
  Json json = {{"id", stream.id},
               {"endpoint", stream.endpoint},
               {"client", stream.client},
               {"format", stream.format},
               {"protocol", stream.protocol},
               {"age_seconds", seconds_of(stream.age)},
               {"items", stream.items},
               {"bytes", stream.bytes},
               {"unsent", stream.unsent},
               {"state", state_name(stream.state)}};
  const std::string_view awaited = awaited_by_source(stream.state);
  if (!awaited.empty()) json["awaits"] = awaited;
  if (stream.behind) {
    json["behind"] = {{"items", stream.behind->items},
                      {"bytes", stream.behind->bytes},
                      {"seconds", seconds_of(stream.behind->time)}};
  }
  return json;
}

bool reads(const Request& request) { return request.method == Method::get || request.method == Method::head; }

}  // namespace

std::string_view to_string(StreamEnd end) noexcept {
  switch (end) {
    case StreamEnd::ended:
      return "ended";
    case StreamEnd::failed:
      return "failed";
    case StreamEnd::refused:
      return "refused";
    case StreamEnd::left:
      return "left";
    case StreamEnd::slow:
      return "slow";
    case StreamEnd::drained:
      return "drained";
    case StreamEnd::stopped:
      return "stopped";
  }
  return "left";
}

Response Admin::handle(const Request& request, generators::SourceContext&& /*context*/) const {
  const auto target = parse_target(request.target);
  if (!target) return problem(400, config::to_string(target.error()));
  if (auto refusal = refuse_host(request, *target, hosts_)) return *std::move(refusal);
  if (request.websocket) return problem(400, "there are no WebSockets at the admin address");
  return route(request, *target);
}

Response Admin::route(const Request& request, const Target& target) const {
  const auto& path = target.segments;
  const std::string_view top = path.empty() ? std::string_view() : std::string_view(path.front());
  const bool one_stream = path.size() == 2 && top == "streams";
  const bool ready = (path.size() == 1 && top == "readyz") || is_health(target);
  const bool known =
      ready || one_stream || (path.size() == 1 && (top == "healthz" || top == "metrics" || top == "streams"));
  if (!known) {
    return problem(404,
                   "the admin address has /healthz, /readyz, /metrics, /streams and /streams/ID, and not " +
                       config::in_quotes(request.target));
  }
  if (!reads(request) && !(one_stream && request.method == Method::delete_)) {
    return method_not_allowed(request, one_stream ? "GET, HEAD, DELETE" : "GET, HEAD");
  }
  if (ready) return readyz();
  if (top == "healthz") return healthz();
  if (auto refusal = refuse_access(request, config_.access)) return *std::move(refusal);
  if (one_stream) return stream(request, path[1]);
  return top == "metrics" ? metrics() : streams();
}

Response Admin::healthz() const {
  if (const auto thread = monitor_.stuck_thread())
    return with_json(503, {{"status", "stuck"}, {"thread", *thread}});
  return with_json(200, {{"status", "well"}});
}

Response Admin::readyz() const {
  const bool draining = monitor_.draining();
  return with_json(draining ? 503 : 200, {{"status", draining ? "draining" : "well"}});
}

Response Admin::metrics() const {
  return with_body(200, metrics_content_type, metrics_text(monitor_.figures()));
}

/// A line each, so that it reads well where nothing takes it apart.
Response Admin::streams() const {
  std::string body = "[";
  for (const StreamInfo& stream : monitor_.streams()) {
    if (body.size() > 1) body += ",\n";
    body += text_of(describe(stream));
  }
  body += "]\n";
  return with_body(200, "application/json", std::move(body));
}

Response Admin::stream(const Request& request, const std::string& id) const {
  if (request.method == Method::delete_) {
    if (!origin_allowed(request, {})) return problem(403, "pages of other origins may not stop streams");
    return monitor_.stop(id) ? no_content() : no_such_stream(id);
  }
  const auto found = monitor_.stream(id);
  return found ? with_json(200, describe(*found)) : no_such_stream(id);
}

}  // namespace coyield::handlers
