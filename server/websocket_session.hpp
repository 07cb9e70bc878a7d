#pragma once

#include <coyield/generators/task.hpp>
#include <coyield/server/exchange.hpp>
#include <coyield/server/request_reader.hpp>

namespace coyield::server {

/// Answers 101, and sends the stream of `exchange` as messages until its end, with the closing handshake.
/// What `reader` has kept belongs to the WebSocket. The connection is to be closed behind it.
generators::Task<void> talk_websocket(RequestReader& reader, ExchangePtr exchange);

}  // namespace coyield::server
