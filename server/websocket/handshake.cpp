#include <coyield/server/websocket/handshake.hpp>

#include <coyield/handlers/fields.hpp>

#include <algorithm>

namespace coyield::server::websocket {
namespace {

bool is_base64_char(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// 16 bytes are 22 characters and two of padding.
bool is_key(std::string_view key) {
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, is_base64_char);
}

}  // namespace

bool wants_websocket(std::string_view upgrade) { return handlers::list_contains(upgrade, "websocket"); }

UpgradeFault check_upgrade(const UpgradeRequest& request) {
  if (request.method != "GET") return UpgradeFault::method;
  if (request.http_version < 11) return UpgradeFault::http_version;
  if (!wants_websocket(request.upgrade) || !handlers::list_contains(request.connection, "upgrade")) {
    return UpgradeFault::not_upgrade;
  }
  if (request.version != "13") return UpgradeFault::version;
  if (!is_key(request.key)) return UpgradeFault::key;
  return UpgradeFault::none;
}

unsigned status_of(UpgradeFault fault) {
  switch (fault) {
    case UpgradeFault::none:
      return 101;
    case UpgradeFault::method:
      return 405;
    case UpgradeFault::version:
      return 426;
    case UpgradeFault::http_version:
    case UpgradeFault::not_upgrade:
    case UpgradeFault::key:
      break;
  }
  return 400;
}

std::string_view message_of(UpgradeFault fault) {
  switch (fault) {
    case UpgradeFault::none:
      return "the request upgrades to a WebSocket";
    case UpgradeFault::method:
      return "a WebSocket is opened by GET";
    case UpgradeFault::http_version:
      return "a WebSocket is opened by HTTP/1.1, not HTTP/1.0";
    case UpgradeFault::not_upgrade:
      return "a WebSocket needs \"Connection: Upgrade\" and \"Upgrade: websocket\"";
    case UpgradeFault::version:
      return "this server speaks version 13 of WebSocket (Sec-WebSocket-Version)";
    case UpgradeFault::key:
      return "Sec-WebSocket-Key is not 16 bytes in base64";
  }
  return {};
}

std::string_view choose_subprotocol(std::string_view offered, std::span<const std::string_view> supported) {
  for (std::string_view one = handlers::next_element(offered); !one.empty();
       one = handlers::next_element(offered)) {
    const auto found = std::find(supported.begin(), supported.end(), one);
    if (found != supported.end()) return *found;
  }
  return {};
}

}  // namespace coyield::server::websocket
