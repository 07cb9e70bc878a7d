#include <arpa/inet.h>
#include <sys/un.h>

#include <charconv>
#include <coyield/config/listen_address.hpp>
#include <optional>

namespace coyield::config {
namespace {

constexpr std::string_view unix_scheme = "unix:";

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool is_address(int family, const std::string& host) {
  if (host.find('\0') != std::string::npos) return false;  // inet_pton would read no further
  in6_addr address;                                        // large enough for both families
  return inet_pton(family, host.c_str(), &address) == 1;
}

Mistake bad_host(std::string_view text, const std::string& host, std::string_view port) {
  const auto here = "\"127.0.0.1:" + std::string(port) + "\"";
  const auto everywhere = "\"0.0.0.0:" + std::string(port) + "\"";
  if (host.empty() || host == "*") {
    return {in_quotes(text) + " names no address",
            "write " + here + " for this machine alone or " + everywhere + " for the whole network"};
  }
  if (is_address(AF_INET6, host))
    return {in_quotes(text) + " lacks the brackets", "write \"[" + host + "]:" + std::string(port) + "\""};
  if (is_address(AF_INET6, std::string(text)))
    return {in_quotes(text) + " has no port", "write \"[" + std::string(text) + "]:8080\""};
  if (host == "localhost")
    return {in_quotes(text) + " has a name where the address belongs", "write " + here};
  return {in_quotes(host) + " is no IP address", "write an address in numbers, such as " + here};
}

Checked<ListenAddress> parse_unix(std::string_view text) {
  const auto path = text.substr(unix_scheme.size());
  constexpr std::size_t longest = sizeof(sockaddr_un::sun_path) - 1;
  if (!path.starts_with('/'))
    return Mistake{in_quotes(text) + " has no absolute path", "write \"unix:/run/coyield.sock\""};
  if (path.size() > longest) {
    return Mistake{"the path of " + in_quotes(text) + " is too long",
                   "a socket's path has at most " + std::to_string(longest) + " bytes"};
  }
  if (path.find('\0') != std::string_view::npos)
    return Mistake{in_quotes(text) + " has a NUL in it", "remove it"};
  return ListenAddress{.kind = ListenAddress::Kind::unix_, .host = {}, .port = 0, .path = std::string(path)};
}

}  // namespace

Checked<ListenAddress> parse_listen_address(std::string_view text) {
  if (text.starts_with(unix_scheme)) return parse_unix(text);
  if (text.empty()) return Mistake{"no address", "write \"127.0.0.1:8080\""};
  if (text.find('/') != std::string_view::npos) {
    return Mistake{in_quotes(text) + " is no address to listen at",
                   "write \"127.0.0.1:8080\" or \"unix:/run/coyield.sock\""};
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || text.ends_with(']')) {
    if (parse_port(text))
      return Mistake{in_quotes(text) + " is a port without an address",
                     "write \"127.0.0.1:" + std::string(text) + "\""};
    const auto with_port = std::string(text) + ":8080";
    return Mistake{
        in_quotes(text) + " has no port",
        "write " + (parse_listen_address(with_port) ? in_quotes(with_port) : "\"127.0.0.1:8080\"")};
  }
  auto port = parse_port(text.substr(colon + 1));
  if (!port)
    return Mistake{in_quotes(text.substr(colon + 1)) + " is no port", "write a number from 0 to 65535"};
  std::string host(text.substr(0, colon));
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!is_address(bracketed ? AF_INET6 : AF_INET, host)) return bad_host(text, host, text.substr(colon + 1));
  return ListenAddress{.host = host, .port = *port};
}

bool is_local(const ListenAddress& address) {
  return address.kind == ListenAddress::Kind::unix_ || address.host.starts_with("127.") ||
         address.host == "::1";
}

std::string to_string(const ListenAddress& address) {
  if (address.kind == ListenAddress::Kind::unix_) return std::string(unix_scheme) + address.path;
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace coyield::config
