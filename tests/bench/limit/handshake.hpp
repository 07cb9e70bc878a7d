#pragma once
#include <string>
#include <string_view>

namespace coyield::bench {

/// What a limit server has to know of a request.
struct Request {
  std::string path;
  std::string query;
  std::string websocket_key;  ///< empty where no WebSocket is asked for
  bool close = false;         ///< Connection: close
};

/// Reads a whole request head. It trusts the client: this is a limit, not a server.
Request read_request(const std::string& head);
/// The 101 to a request's key.
std::string accept_websocket(const std::string& key);

}  // namespace coyield::bench
