#include <coyield/server/connections/admission.hpp>

#include <algorithm>
#include <string>

namespace coyield::server {

namespace {

/// Sources, listening sockets and those who are just being turned away need descriptors too.
std::size_t most_that_descriptors_allow(unsigned descriptors) {
  return descriptors - std::min(descriptors / 2, descriptors / 8 + 64);
}

}  // namespace

Admission::Admission(generators::Loop& loop, const config::ServerConfig& config, unsigned descriptors,
                     const Log& log, Counters& counters, AddressLimit& addresses)
    : proxies_(config.trusted_proxies),
      most_connections_(config.limits.max_connections),
      counters_(counters),
      addresses_(addresses),
      refusals_(loop, log, counters) {
  if (most_connections_ == 0) most_connections_ = most_that_descriptors_allow(descriptors);
  if (most_connections_ <= descriptors) return;
  // Beyond them nobody can be told why he is turned away.
  log.warning("limits", {{"max_connections", std::to_string(most_connections_)},
                         {"descriptors", std::to_string(descriptors)},
                         {"advice", "raise the limit of open files (ulimit -n), or lower max_connections"}});
}

std::optional<Arrival> Admission::admit(Arrival arrival, std::size_t open) {
  if (open >= most_connections_) {
    refusals_.refuse(std::move(arrival), Refusals::Reason::all);
    return std::nullopt;
  }
  arrival.proxy = is_proxy(arrival);
  if (!arrival.proxy && arrival.address) {
    auto place = addresses_.enter(*arrival.address);
    if (!place) {
      refusals_.refuse(std::move(arrival), Refusals::Reason::address);
      return std::nullopt;
    }
    arrival.place = std::move(*place);
  }
  counters_.accepted.add();
  return arrival;
}

bool Admission::is_proxy(const Arrival& arrival) const noexcept {
  if (proxies_.empty()) return false;
  return arrival.address ? proxies_.contains(*arrival.address) : proxies_.unix_sockets;
}

}  // namespace coyield::server
