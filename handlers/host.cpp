#include <coyield/handlers/host.hpp>

#include <algorithm>
#include <coyield/config/host_pattern.hpp>
#include <coyield/config/mistake.hpp>
#include <coyield/config/network.hpp>
#include <string_view>

namespace coyield::handlers {

namespace {

bool is_digits(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Without the port, and without the dot that an absolute name may end in.
std::string_view name_of(std::string_view host) noexcept {
  const std::size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && is_digits(host.substr(colon + 1))) host = host.substr(0, colon);
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool is_ip_address(std::string_view name) {
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  return config::parse_ip_address(name).has_value();
}

bool is_localhost(std::string_view name) noexcept {
  return config::matches_host("localhost", name) || config::matches_host("*.localhost", name);
}

}  // namespace

std::optional<Response> refuse_host(const Request& request, const Target& target,
                                    const std::optional<std::vector<std::string>>& hosts) {
  if (!hosts && !request.loopback) return std::nullopt;
  const std::string_view host = target.host ? *target.host : request.find("Host").value_or("");
  const std::string_view name = name_of(host);
  if (host.empty() || is_ip_address(name) || is_localhost(name)) return std::nullopt;
  const auto matches = [name](const std::string& pattern) { return config::matches_host(pattern, name); };
  if (hosts && std::any_of(hosts->begin(), hosts->end(), matches)) return std::nullopt;
  const std::string quoted = config::in_quotes(name);
  return problem(421, "this server does not answer to the name " + quoted +
                          "; if it should, write \"hosts\": [" + quoted +
                          "] in the \"server\" of its configuration");
}

}  // namespace coyield::handlers
