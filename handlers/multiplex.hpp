#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/handlers/formats/format.hpp>
#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/handlers/target.hpp>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace coyield::handlers {

/// Where one connection carries several streams: as a WebSocket of the protocol `coyield.v1`, and as an event
/// stream of the endpoints that are named by `e`.
inline constexpr std::string_view multiplex_websocket_path = "/.coyield/ws";
inline constexpr std::string_view multiplex_events_path = "/.coyield/sse";

/// Answers at these two. Whoever may not read an endpoint is told when that is asked for; here only the
/// `Origin` of a WebSocket is looked at.
class MultiplexHandler {
 public:
  /// The most endpoints of one event stream: all their places stand in one header when it is resumed.
  static constexpr std::size_t most_events = 16;

  /// `formats` must outlive it.
  MultiplexHandler(const config::ServerConfig& server, const std::vector<Format>& formats);

  /// Nothing where the target is neither.
  std::optional<Response> handle(const Request& request, const Target& target) const;

 private:
  Response answer_websocket(const Request& request) const;
  Response answer_events(const Request& request, const Target& target) const;

  config::Cors cors_;
  bool gzip_;
  const Format* sse_;
  StreamOptions websocket_options_;
  StreamOptions events_options_;
};

/// Of a connection over which nothing is said but of one stream or another.
std::unique_ptr<generators::Encoder> make_silent_encoder();

/// Whether the client offers `coyield.v1` as a subprotocol of its WebSocket.
bool offers_protocol(const Request& request);

}  // namespace coyield::handlers
