#include <coyield/handlers/forwarded.hpp>

#include <algorithm>
#include <coyield/handlers/fields.hpp>

namespace coyield::handlers {

namespace {

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`: a few proxies write the port too.
std::string_view without_port(std::string_view entry) {
  if (entry.starts_with('[')) return entry.substr(1, std::min(entry.find(']'), entry.size()) - 1);
  const bool one_colon = std::count(entry.begin(), entry.end(), ':') == 1;
  return one_colon ? entry.substr(0, entry.find(':')) : entry;
}

/// Takes the last entry off the list.
std::string_view last_entry(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const bool more = comma != std::string_view::npos;
  const std::string_view entry = trim(more ? list.substr(comma + 1) : list);
  list = more ? list.substr(0, comma) : std::string_view();
  return entry;
}

}  // namespace

std::optional<config::IpAddress> forwarded_client(std::string_view list, const config::Proxies& proxies) {
  std::optional<config::IpAddress> client;
  while (!list.empty()) {
    const auto address = config::parse_ip_address(without_port(last_entry(list)));
    if (!address) return client;
    client = address;
    if (!proxies.contains(*address)) break;
  }
  return client;
}

}  // namespace coyield::handlers
