#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/server/http/exchange.hpp>
#include <coyield/server/http/session.hpp>

namespace coyield::server {

/// Answers 101, and sends the stream of `exchange` as messages until its end, with the closing handshake.
/// `kept` is what the client has said ahead of time. The connection is to be closed behind it.
generators::Task<Session> talk_websocket(generators::Buffer kept, ExchangePtr exchange);

}  // namespace coyield::server
