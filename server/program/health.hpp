#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/config/mistake.hpp>
#include <iosfwd>
#include <string>
#include <string_view>

namespace coyield::server {

/// Where to ask a server how it is: an address, and a path there.
struct HealthTarget {
  std::string host = {};  ///< a name, or an address without brackets; empty for a Unix socket
  std::string port = {};
  std::string socket = {};  ///< the path of a Unix socket
  std::string path = {};

  bool operator==(const HealthTarget&) const = default;
};

/// Reads `http://127.0.0.1:8080`, `127.0.0.1:8080` or `unix:/run/coyield.sock`. A URL that has a path of its
/// own is asked for that, all else for `/.coyield/health`.
config::Checked<HealthTarget> parse_health_target(std::string_view text);

/// Where a server of this configuration says whether it takes new clients: at its admin address, else where
/// it listens first. One that listens at all addresses is asked at loopback.
HealthTarget health_target(const config::ServerConfig& config);

/// Asks, and writes the answer, or why there is none within 5 s, to `out`. True when the server is well.
/// Blocks.
bool ask_health(const HealthTarget& target, std::ostream& out);

}  // namespace coyield::server
