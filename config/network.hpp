#pragma once
#include <array>
#include <coyield/config/mistake.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::config {

/// An IP address. IPv4 stands as the IPv6 address that means it (`::ffff:192.0.2.1`, RFC 4291), so that the
/// same client is the same address whichever way it comes in.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes = {};

  bool is_v4() const noexcept;
  bool is_loopback() const noexcept;     ///< 127.0.0.0/8 or ::1
  bool is_unspecified() const noexcept;  ///< 0.0.0.0 or ::
  bool operator==(const IpAddress&) const = default;
};

/// From an IPv4 address as the socket interface has it, in the order of the network.
IpAddress from_v4(std::uint32_t address) noexcept;

/// As `parse_ip_address` reads it.
std::string to_string(const IpAddress& address);

/// Reads `192.0.2.1` or `2001:db8::1`, without brackets; nothing where the text is neither.
std::optional<IpAddress> parse_ip_address(std::string_view text);

/// The addresses that begin with the same bits.
struct Network {
  IpAddress address = {};
  unsigned prefix = 128;  ///< of the 128 bits, for IPv4 too

  bool contains(const IpAddress& other) const noexcept;
  bool operator==(const Network&) const = default;
};

/// Reads `10.0.0.0/8`, `fd00::/8`, or one address alone. What stands behind the prefix must be zero: with
/// `10.0.0.1/8` it is not clear which of the two is meant.
Checked<Network> parse_network(std::string_view text);

/// Who may say, in `X-Forwarded-For`, for which client it asks.
struct Proxies {
  std::vector<Network> networks = {};
  bool unix_sockets = false;  ///< whoever connects to a Unix socket of this server

  bool empty() const noexcept { return networks.empty() && !unix_sockets; }
  bool contains(const IpAddress& address) const noexcept;
  bool operator==(const Proxies&) const = default;
};

}  // namespace coyield::config
