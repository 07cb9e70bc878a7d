#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <coyield/config/network.hpp>
#include <cstring>

namespace coyield::config {
namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// The bits of byte `index` that belong to the first `prefix` bits of an address.
std::uint8_t mask(unsigned prefix, unsigned index) noexcept {
  const unsigned bits = std::clamp(static_cast<int>(prefix) - static_cast<int>(index * 8), 0, 8);
  return static_cast<std::uint8_t>(0xff00u >> bits);
}

IpAddress masked(IpAddress address, unsigned prefix) noexcept {
  for (unsigned i = 0; i < address.bytes.size(); ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & mask(prefix, i));
  }
  return address;
}

std::optional<unsigned> parse_bits(std::string_view text, unsigned most) {
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (error != std::errc{} || end != text.data() + text.size() || bits > most) return std::nullopt;
  return bits;
}

}  // namespace

bool IpAddress::is_v4() const noexcept {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin());
}

bool IpAddress::is_loopback() const noexcept {
  if (is_v4()) return bytes[v4_prefix.size()] == 127;
  IpAddress loopback;
  loopback.bytes.back() = 1;
  return *this == loopback;
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = address.is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, address.bytes.data() + (v4 ? v4_prefix.size() : 0), text.data(),
            text.size());
  return text.data();
}

bool IpAddress::is_unspecified() const noexcept { return *this == IpAddress{} || *this == from_v4(0); }

IpAddress from_v4(std::uint32_t address) noexcept {
  IpAddress result;
  std::copy(v4_prefix.begin(), v4_prefix.end(), result.bytes.begin());
  std::memcpy(result.bytes.data() + v4_prefix.size(), &address, sizeof address);
  return result;
}

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  const std::string terminated(text);
  if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
  if (text.find(':') == std::string_view::npos) {
    std::uint32_t v4 = 0;
    if (inet_pton(AF_INET, terminated.c_str(), &v4) != 1) return std::nullopt;
    return from_v4(v4);
  }
  IpAddress address;
  if (inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

bool Network::contains(const IpAddress& other) const noexcept { return masked(other, prefix) == address; }

Checked<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) {
    return Mistake{in_quotes(text) + " is no IP address or network",
                   "write \"192.0.2.7\", \"10.0.0.0/8\" or \"fd00::/8\""};
  }
  if (slash == std::string_view::npos) return Network{*address};
  const unsigned most = address->is_v4() ? 32 : 128;
  const auto bits = parse_bits(text.substr(slash + 1), most);
  if (!bits) {
    return Mistake{in_quotes(text.substr(slash + 1)) + " is no length of a prefix",
                   "write a number from 0 to " + std::to_string(most)};
  }
  const unsigned prefix = 128 - most + *bits;
  const IpAddress network = masked(*address, prefix);
  if (network != *address) {
    return Mistake{in_quotes(text) + " has bits set behind its prefix",
                   "write \"" + to_string(network) + "/" + std::to_string(*bits) +
                       "\" for the network, or \"" + to_string(*address) + "\" for the one address"};
  }
  return Network{network, prefix};
}

bool Proxies::contains(const IpAddress& address) const noexcept {
  return std::any_of(networks.begin(), networks.end(),
                     [&address](const Network& network) { return network.contains(address); });
}

}  // namespace coyield::config
