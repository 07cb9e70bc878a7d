#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// The opening handshake (RFC 6455, section 4) as functions of header values; no I/O, and no HTTP library's
/// types.
namespace coyield::server::websocket {

/// The parts of a request that the handshake looks at; a field that is absent is empty, one that is repeated
/// is joined by commas. The views are only read during the call.
struct UpgradeRequest {
  std::string_view method;
  unsigned http_version = 11;   ///< Ten times the version: 10 for HTTP/1.0, 11 for HTTP/1.1.
  std::string_view upgrade;     ///< Upgrade
  std::string_view connection;  ///< Connection
  std::string_view version;     ///< Sec-WebSocket-Version
  std::string_view key;         ///< Sec-WebSocket-Key
};

/// What is wrong with an upgrade request.
enum class UpgradeFault : std::uint8_t {
  none,          ///< Nothing: answer 101.
  method,        ///< A WebSocket is opened by GET alone.
  http_version,  ///< HTTP/1.0 has no upgrades.
  not_upgrade,   ///< `Upgrade` does not name websocket, or `Connection` does not name upgrade.
  version,  ///< Sec-WebSocket-Version is not 13, or is absent; the answer carries `Sec-WebSocket-Version:
            ///< 13`.
  key,      ///< Sec-WebSocket-Key is not 16 bytes in base64.
};

/// True of a request that means to become a WebSocket, rightly or not: its `Upgrade` names websocket.
bool wants_websocket(std::string_view upgrade);

/// The first fault found, in the order of the enumeration.
UpgradeFault check_upgrade(const UpgradeRequest& request);

/// The status to answer with (101, 400, 405 or 426), and a sentence for the problem document.
unsigned status_of(UpgradeFault fault);
std::string_view message_of(UpgradeFault fault);

/// The first of the client's subprotocols (`Sec-WebSocket-Protocol`) that is among `supported`; empty when
/// none is, and then the answer names none. Names are compared exactly; the result points into `supported`.
std::string_view choose_subprotocol(std::string_view offered, std::span<const std::string_view> supported);

}  // namespace coyield::server::websocket
