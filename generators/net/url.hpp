#pragma once

#include <coyield/config/mistake.hpp>
#include <span>
#include <string>
#include <string_view>

namespace coyield::generators::net {

/// Where a server is, and what it is asked for: the parts of an `http`, `https`, `ws` or `wss` URL.
struct Url {
  std::string scheme;     ///< in lower case
  bool tls = false;       ///< `https` and `wss`
  std::string host;       ///< a name or an address, without brackets
  std::string port;       ///< in digits
  std::string authority;  ///< as the `Host` field has it: without what is usual for the scheme
  std::string target;     ///< path and query, at least `/`
  std::string userinfo;   ///< `name:password`, decoded; mostly empty

  /// Whether what is secret to the one may be shown to the other.
  bool same_origin(const Url& other) const noexcept {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
  bool operator==(const Url&) const = default;
};

/// Those that a URL may have.
using Schemes = std::span<const std::string_view>;
inline constexpr std::string_view http_schemes[] = {"http", "https"};
inline constexpr std::string_view websocket_schemes[] = {"ws", "wss"};

/// `schemes` are those that will do, as `http, https`. What is wrong is said in a sentence that begins behind
/// the URL.
config::Checked<Url> parse_url(std::string_view text, Schemes schemes);

/// What a reference (`/other`, `https://b.example/x`) means on `base`; see RFC 3986, section 5.
config::Checked<Url> resolve(const Url& base, std::string_view reference, Schemes schemes);

/// For messages: without what is secret, `https://api.example.com/v1/events`.
std::string to_string(const Url& url);

}  // namespace coyield::generators::net
