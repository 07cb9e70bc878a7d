#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/server/connections/address_limit.hpp>
#include <coyield/server/connections/arrival.hpp>
#include <coyield/server/connections/refusals.hpp>
#include <optional>

namespace coyield::server {

/// Decides whether there is a place for a client that has just connected; one for whom there is none gets a
/// 503. For the thread of `loop` alone.
class Admission {
 public:
  /// `descriptors` is how many the process may have: it bounds the connections where `config` does not.
  Admission(generators::Loop& loop, const config::ServerConfig& config, unsigned descriptors, const Log& log,
            Counters& counters, AddressLimit& addresses);

  /// The client, with its place, unless it was turned away. `open` is how many connections there are.
  std::optional<Arrival> admit(Arrival arrival, std::size_t open);

  std::size_t most_connections() const noexcept { return most_connections_; }
  /// Lets go of those who were turned away.
  void stop() noexcept { refusals_.stop(); }

 private:
  bool is_proxy(const Arrival& arrival) const noexcept;

  const config::Proxies& proxies_;
  std::size_t most_connections_;
  Counters& counters_;
  AddressLimit& addresses_;
  Refusals refusals_;
};

}  // namespace coyield::server
