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

bool reads(const Request& request) { return request.method == Method::get || request.method == Method::head; }

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
  const std::string path = joined(target.segments);
  const bool one = target.segments.size() == 2;
  const bool one_stream = one && path.starts_with("streams/"), one_share = one && path.starts_with("shares/");
  const Place* place = find(path);
  auto file = console(request, path);
  if (place == nullptr && !one_stream && !one_share && !file) return not_here(request);
  const bool deletes = request.method == Method::delete_;
  if (one_share ? !deletes : !reads(request) && !(one_stream && deletes))
    return method_not_allowed(request, one_share ? "DELETE" : one_stream ? "GET, HEAD, DELETE" : "GET, HEAD");
  if (file) return *std::move(file);
  if (place != nullptr && place->open) return (this->*place->answer)();
  if (auto refusal = refuse_access(request, config_.access)) return *std::move(refusal);
  if (one_share) return stop_share(request, target.segments[1]);
  return one_stream ? stream(request, target.segments[1]) : (this->*place->answer)();
}

const Admin::Place* Admin::find(std::string_view path) {
  static constexpr Place places[] = {
      {"healthz", &Admin::healthz, true},
      {"readyz", &Admin::readyz, true},
      {health_path.substr(1), &Admin::readyz, true},
      {"metrics", &Admin::metrics},
      {"streams", &Admin::streams},
      {"shares", &Admin::shares},
      {"errors", &Admin::errors},
      {".coyield/endpoints", &Admin::endpoints},
      {".coyield/figures", &Admin::figures},
  };
  const auto found =
      std::find_if(std::begin(places), std::end(places), [path](const Place& p) { return p.path == path; });
  return found == std::end(places) ? nullptr : found;
}

std::optional<Response> Admin::console(const Request& request, std::string_view path) {
  constexpr std::string_view folder = ".coyield/console/";
  if (path.empty()) return console_file(request, {});
  return path.starts_with(folder) ? console_file(request, path.substr(folder.size())) : std::nullopt;
}

Response Admin::healthz() const {
  if (const auto thread = monitor_.stuck_thread())
    return with_json(503, R"({"status":"stuck","thread":)" + std::to_string(*thread) + "}\n");
  return with_json(200, well);
}

Response Admin::readyz() const {
  return monitor_.draining() ? with_json(503, "{\"status\":\"draining\"}\n") : with_json(200, well);
}

Response Admin::metrics() const {
  return with_body(200, metrics_content_type, metrics_text(monitor_.figures()));
}

Response Admin::streams() const { return with_json(200, streams_json(monitor_.streams())); }

Response Admin::shares() const { return with_json(200, shares_json(monitor_.shares())); }

Response Admin::errors() const { return with_json(200, failures_json(monitor_.failures())); }

Response Admin::endpoints() const { return with_json(200, endpoints_json(application_, monitor_)); }

Response Admin::figures() const { return with_json(200, figures_json(monitor_.figures())); }

Response Admin::stream(const Request& request, const std::string& id) const {
  if (request.method == Method::delete_) {
    if (!origin_allowed(request, {})) return problem(403, "pages of other origins may not stop streams");
    return monitor_.stop(id) ? no_content() : no_such_stream(id);
  }
  const auto found = monitor_.stream(id);
  return found ? with_json(200, stream_json(*found)) : no_such_stream(id);
}

Response Admin::stop_share(const Request& request, const std::string& id) const {
  if (!origin_allowed(request, {})) return problem(403, "pages of other origins may not stop generators");
  std::uint64_t number = 0;
  const char* const end = id.data() + id.size();
  const bool read = std::from_chars(id.data(), end, number).ptr == end;
  if (read && monitor_.stop_share(number)) return no_content();
  return problem(404, "there is no shared generator " + config::in_quotes(id) + "; GET /shares lists them");
}

}  // namespace coyield::handlers
