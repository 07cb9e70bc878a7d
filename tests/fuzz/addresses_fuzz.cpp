#include <coyield/config/host_pattern.hpp>
#include <coyield/config/network.hpp>
#include <coyield/handlers/forwarded.hpp>

#include "fuzz.hpp"

// Networks, names of hosts, and the list of addresses that a proxy sends: each input is tried as all of them.

using namespace coyield;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const config::Proxies proxies{{config::parse_network("10.0.0.0/8").value()}, false};
  const std::string_view text = fuzz::as_text(data, size);
  if (const auto address = config::parse_ip_address(text)) {
    require(config::parse_ip_address(to_string(*address)) == address, "an address reads back");
    const auto alone = config::parse_network(text);
    require(alone && *alone == config::Network{*address, 128}, "an address is a network of one");
  }
  if (const auto network = config::parse_network(text)) {
    require(network->prefix <= 128, "an address has 128 bits");
    require(network->contains(network->address), "a network has its own address");
  }
  if (const auto pattern = config::parse_host_pattern(text)) {
    const auto again = config::parse_host_pattern(*pattern);
    require(again && *again == *pattern, "a pattern reads back");
    const std::string host = pattern->starts_with('*') ? "a" + pattern->substr(1) : *pattern;
    require(config::matches_host(*pattern, host), "a pattern matches what it stands for");
  }
  const auto client = handlers::forwarded_client(text, proxies);
  if (client && !proxies.contains(*client)) {
    const std::string longer = "203.0.113.9, " + std::string(text);
    require(handlers::forwarded_client(longer, proxies) == client, "what a client says itself means nothing");
  }
  return 0;
}
