#pragma once

#include <coyield/generators/task.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/inbox.hpp>
#include <coyield/server/pump.hpp>
#include <coyield/server/request_reader.hpp>
#include <memory>
#include <string>

namespace coyield::server {

/// What the opening handshake needs of the request.
struct WebSocketOffer {
  std::string accept_key = {};
  std::string extensions = {};
  std::shared_ptr<Inbox> inbox = {};
};

/// Answers 101, and sends the stream as messages until its end, with the closing handshake. What `reader` has
/// kept belongs to the WebSocket. The connection is to be closed behind it.
generators::Task<void> talk_websocket(Stream& stream, RequestReader& reader, handlers::Response response,
                                      WebSocketOffer offer);

}  // namespace coyield::server
