#pragma once

#include <coyield/generators/net/websocket/close_handshake.hpp>
#include <coyield/generators/net/websocket/decoder.hpp>
#include <coyield/generators/net/websocket/deflate.hpp>
#include <coyield/generators/net/websocket/frame.hpp>
#include <coyield/generators/net/websocket/key.hpp>

/// What both ends of a WebSocket have in common, frames and messages, goes here by the name of this end.
namespace coyield::server::websocket {

using namespace generators::net::websocket;

}  // namespace coyield::server::websocket
