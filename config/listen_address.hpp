#pragma once
#include <coyield/config/mistake.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace coyield::config {

/// Where the server listens: an address of this machine with a port, or a Unix socket.
struct ListenAddress {
  enum class Kind { tcp, unix_ };

  Kind kind = Kind::tcp;
  std::string host = "127.0.0.1";  ///< an IPv4 or IPv6 address in numbers, without brackets
  std::uint16_t port = 8080;       ///< 0: one that the kernel picks
  std::string path = {};           ///< of the Unix socket, absolute

  bool operator==(const ListenAddress&) const = default;
};

/// Reads `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/coyield.sock`. Names are refused, since what they stand
/// for can change; so is `:8080`, since it does not say whether the whole network is meant.
Checked<ListenAddress> parse_listen_address(std::string_view text);

/// Whether only programs of this machine can reach it: loopback, or a Unix socket.
bool is_local(const ListenAddress& address);

/// As `parse_listen_address` reads it.
std::string to_string(const ListenAddress& address);

}  // namespace coyield::config
