#include <coyield/handlers/multiplex.hpp>

#include <algorithm>
#include <coyield/handlers/access.hpp>
#include <coyield/handlers/content_coding.hpp>
#include <coyield/handlers/endpoint.hpp>
#include <coyield/handlers/fields.hpp>
#include <coyield/handlers/formats/sse.hpp>
#include <coyield/handlers/protocol.hpp>
#include <coyield/handlers/weighted_list.hpp>
#include <memory>
#include <utility>

namespace coyield::handlers {

namespace {

class SilentEncoder final : public generators::Encoder {
 public:
  void item(const generators::Item& /*item*/, generators::Buffer& /*out*/) override {}
};

const Format* find_format(const std::vector<Format>& formats, std::string_view name) {
  const auto found = std::find_if(formats.begin(), formats.end(),
                                  [name](const Format& each) { return each.name() == name; });
  return found != formats.end() ? &*found : nullptr;
}

StreamOptions connection_options(const config::ServerConfig& server, std::string_view path) {
  StreamOptions options;
  options.endpoint = path;
  options.heartbeat = server.timeouts.heartbeat;
  options.max_item = server.limits.max_item;
  options.max_message = server.limits.max_message;
  return options;
}

bool is_ours(const Target& target, std::string_view name) {
  return target.segments.size() == 2 && target.segments[0] == ".coyield" && target.segments[1] == name;
}

Response with_methods(Response response) {
  response.fields.add("Allow", "GET, HEAD, OPTIONS");
  return response;
}

/// What a request is answered that does not want the stream itself.
std::optional<Response> answer_method(const Request& request) {
  if (request.method == Method::get || request.method == Method::head) return std::nullopt;
  if (request.method != Method::options) {
    return with_methods(
        problem(405, "the method " + config::in_quotes(request.method_text) + " is not for this"));
  }
  Response response;
  response.status = 204;
  return with_methods(std::move(response));
}

/// The values of `e`, or what is wrong with them.
config::Checked<std::vector<std::string>> targets_of(const Target& target) {
  std::vector<std::string> targets;
  for (const auto& [name, value] : target.query) {
    if (name != "e") continue;
    if (!value.starts_with('/'))
      return config::Mistake{"\"e\" is " + config::in_quotes(value), "write the path of an endpoint"};
    if (std::find(targets.begin(), targets.end(), value) != targets.end())
      return config::Mistake{"the endpoint " + config::in_quotes(value) + " is asked for twice"};
    targets.push_back(value);
  }
  if (targets.empty())
    return config::Mistake{"no endpoint is asked for", "write ?e=/a&e=/b, each percent-encoded"};
  if (targets.size() <= MultiplexHandler::most_events) return targets;
  return config::Mistake{std::to_string(targets.size()) + " endpoints are asked for, and " +
                             std::to_string(MultiplexHandler::most_events) + " is the most",
                         "subscribe to them on " + std::string(multiplex_websocket_path)};
}

std::string place_of(const Request& request, const Target& target) {
  if (const auto header = request.find("Last-Event-ID")) return std::string(*header);
  const std::string* query = target.find_query("last_event_id");
  return query != nullptr ? *query : std::string();
}

}  // namespace

std::unique_ptr<generators::Encoder> make_silent_encoder() { return std::make_unique<SilentEncoder>(); }

bool offers_protocol(const Request& request) {
  std::string_view offered;
  const std::string list = joined(request, "Sec-WebSocket-Protocol");
  for (std::string_view rest = list; !(offered = next_element(rest)).empty();) {
    if (offered == protocol_name) return true;  // names of subprotocols are compared exactly
  }
  return false;
}

MultiplexHandler::MultiplexHandler(const config::ServerConfig& server, const std::vector<Format>& formats)
    : cors_(server.cors),
      gzip_(server.gzip),
      sse_(find_format(formats, "sse")),
      websocket_options_(connection_options(server, multiplex_websocket_path)),
      events_options_(connection_options(server, multiplex_events_path)) {}

std::optional<Response> MultiplexHandler::handle(const Request& request, const Target& target) const {
  const bool websocket = is_ours(target, "ws");
  if (!websocket && (sse_ == nullptr || !is_ours(target, "sse"))) return std::nullopt;
  if (auto answer = answer_method(request)) return answer;
  return websocket ? answer_websocket(request) : answer_events(request, target);
}

Response MultiplexHandler::answer_websocket(const Request& request) const {
  if (!request.websocket) {
    Response response = problem(426, "this is a WebSocket of the subprotocol coyield.v1");
    response.fields.add("Upgrade", "websocket");
    return response;
  }
  if (!origin_allowed(request, cors_)) {
    return problem(403, "pages of the origin " + config::in_quotes(*request.find("Origin")) +
                            " may not open a WebSocket here");
  }
  const bool offered = offers_protocol(request);
  if (!offered && request.find("Sec-WebSocket-Protocol"))
    return problem(400, "this WebSocket speaks the subprotocol coyield.v1; offer that, or none");
  Response response;
  response.status = 101;
  if (offered) response.fields.add("Sec-WebSocket-Protocol", protocol_name);
  response.body = Multiplex{.options = &websocket_options_, .encoder = make_silent_encoder()};
  return response;
}

Response MultiplexHandler::answer_events(const Request& request, const Target& target) const {
  auto targets = targets_of(target);
  if (!targets) return problem(400, config::to_string(targets.error()));
  auto places = std::make_unique<Places>(*std::move(targets));
  const std::string place = place_of(request, target);
  Response response;
  if (place == sse_end_id) {
    response.status = 204;
    return response;
  }
  if (!place.empty()) {
    if (const auto read = places->read(place); !read) return problem(400, config::to_string(read.error()));
  }
  const auto coding = choose_coding(request, gzip_);
  if (!coding) return problem(406, "the client takes nothing that this can be sent in");
  response.fields = stream_fields(*sse_, *coding, "Accept-Encoding");
  if (request.method == Method::head) return response;
  response.body = Multiplex{
      .options = &events_options_, .encoder = sse_->make({}), .places = std::move(places), .coding = *coding};
  return response;
}

}  // namespace coyield::handlers
