#pragma once

#include <string>
#include <string_view>

namespace coyield::generators::net::websocket {

/// A new value for `Sec-WebSocket-Key`: 16 random bytes in base64 (RFC 6455, section 4.1).
std::string make_key();

/// The value of `Sec-WebSocket-Accept` for a client's key. Throws std::bad_alloc, or std::runtime_error when
/// OpenSSL offers no SHA-1.
std::string accept_key(std::string_view key);

}  // namespace coyield::generators::net::websocket
