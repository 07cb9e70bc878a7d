#include <coyield/handlers/admin.hpp>

#include <algorithm>
#include <charconv>
#include <coyield/handlers/access.hpp>
#include <coyield/handlers/console.hpp>
#include <coyield/handlers/endpoint_json.hpp>
#include <coyield/handlers/host.hpp>
#include <coyield/handlers/metrics.hpp>
#include <coyield/handlers/monitor_json.hpp>
#include <coyield/handlers/mounted.hpp>

namespace coyield::handlers {

namespace {

constexpr const char* well = "{\"status\":\"well\"}\n";

Response with_body(unsigned status, std::string_view content_type, std::string body) {
  Response response;
  response.status = status;
  response.fields.add("Content-Type", content_type).add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

Response with_json(unsigned status, std::string json) {
  return with_body(status, "application/json", std::move(json));
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

Response not_here(const Request& request) {
  return problem(404,
                 "the admin address has / (the console), /healthz, /readyz, /metrics, /streams, /streams/ID, "
                 "/shares, /shares/ID, /errors and, under " +
                     std::string(serve_prefix) + ", all endpoints, and not " +
                     config::in_quotes(request.target));
}

std::string joined(const std::vector<std::string>& segments) {
  std::string path;
  for (const std::string& segment : segments) path += (path.empty() ? "" : "/") + segment;
  return path;
}

constexpr std::string_view reading = "GET, HEAD";

/// Whether it is among `methods`, as they stand in `Allow`.
bool allows(std::string_view methods, Method method) noexcept {
  const std::string_view name = method == Method::get       ? "GET"
                                : method == Method::head    ? "HEAD"
                                : method == Method::delete_ ? "DELETE"
                                                            : "another";
  return methods.find(name) != std::string_view::npos;
}

}  // namespace

Response Admin::handle(const Request& request, generators::SourceContext&& /*context*/) const {
  const auto target = parse_target(request.target);
  if (!target) return problem(400, config::to_string(target.error()));
  if (auto refusal = refuse_host(request, *target, hosts_)) return *std::move(refusal);
  if (is_mounted(request.target)) return hand_over();
  if (request.websocket)
    return problem(400, "the admin address has no WebSockets but those under " + std::string(serve_prefix));
  return route(request, *target);
}

/// Nobody new is served while the server drains, here as at its other addresses.
Response Admin::hand_over() const {
  if (monitor_.draining()) {
    Response response = problem(503, "the server is going away; try again");
    response.fields.add("Retry-After", "1");
    return response;
  }
  Response response;
  response.body = HandOver{};
  return response;
}

Response Admin::route(const Request& request, const Target& target) const {
  if (auto file = console(request, target)) return *std::move(file);
  const Place* place = find(target);
  if (place == nullptr) return not_here(request);
  if (!allows(place->methods, request.method)) return method_not_allowed(request, place->methods);
  if (!place->open) {
    if (auto refusal = refuse_access(request, config_.access)) return *std::move(refusal);
  }
  return (this->*place->answer)({request, target.segments.back()});
}

const Admin::Place* Admin::find(const Target& target) {
  static constexpr Place places[] = {
      {"healthz", &Admin::healthz, true},
      {"readyz", &Admin::readyz, true},
      {health_path.substr(1), &Admin::readyz, true},
      {"metrics", &Admin::metrics},
      {"streams", &Admin::streams},
      {"streams/", &Admin::stream, false, "GET, HEAD, DELETE"},
      {"shares", &Admin::shares},
      {"shares/", &Admin::stop_share, false, "DELETE"},
      {"errors", &Admin::errors},
      {".coyield/endpoints", &Admin::endpoints},
      {".coyield/figures", &Admin::figures},
  };
  const std::string path = joined(target.segments);
  const bool one_more = target.segments.size() == 2;
  const auto found = std::find_if(std::begin(places), std::end(places), [&](const Place& place) {
    return place.path == path || (one_more && place.path == target.segments.front() + "/");
  });
  return found == std::end(places) ? nullptr : found;
}

std::optional<Response> Admin::console(const Request& request, const Target& target) {
  constexpr std::string_view folder = ".coyield/console/";
  const std::string path = joined(target.segments);
  if (!path.empty() && !path.starts_with(folder)) return std::nullopt;
  auto file = console_file(request, path.empty() ? "" : std::string_view(path).substr(folder.size()));
  if (file && !allows(reading, request.method)) return method_not_allowed(request, reading);
  return file;
}

Response Admin::healthz(const Asked&) const {
  if (const auto thread = monitor_.stuck_thread())
    return with_json(503, R"({"status":"stuck","thread":)" + std::to_string(*thread) + "}\n");
  return with_json(200, well);
}

Response Admin::readyz(const Asked&) const {
  return monitor_.draining() ? with_json(503, "{\"status\":\"draining\"}\n") : with_json(200, well);
}

Response Admin::metrics(const Asked&) const {
  return with_body(200, metrics_content_type, metrics_text(monitor_.figures()));
}

Response Admin::streams(const Asked&) const { return with_json(200, streams_json(monitor_.streams())); }

Response Admin::shares(const Asked&) const { return with_json(200, shares_json(monitor_.shares())); }

Response Admin::errors(const Asked&) const { return with_json(200, failures_json(monitor_.failures())); }

Response Admin::endpoints(const Asked&) const {
  return with_json(200, endpoints_json(application_, monitor_));
}

Response Admin::figures(const Asked&) const { return with_json(200, figures_json(monitor_.figures())); }

Response Admin::stream(const Asked& asked) const {
  if (asked.request.method == Method::delete_) {
    if (!origin_allowed(asked.request, {}))
      return problem(403, "pages of other origins may not stop streams");
    return monitor_.stop(asked.id) ? no_content() : no_such_stream(asked.id);
  }
  const auto found = monitor_.stream(asked.id);
  return found ? with_json(200, stream_json(*found)) : no_such_stream(asked.id);
}

Response Admin::stop_share(const Asked& asked) const {
  if (!origin_allowed(asked.request, {}))
    return problem(403, "pages of other origins may not stop generators");
  std::uint64_t number = 0;
  const char* const end = asked.id.data() + asked.id.size();
  const bool read = std::from_chars(asked.id.data(), end, number).ptr == end;
  if (read && monitor_.stop_share(number)) return no_content();
  return problem(404,
                 "there is no shared generator " + config::in_quotes(asked.id) + "; GET /shares lists them");
}

}  // namespace coyield::handlers
