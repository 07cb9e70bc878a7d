#include <coyield/generators/net/url.hpp>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>
#include <charconv>

namespace coyield::generators::net {

namespace {

namespace urls = boost::urls;
using config::Mistake;

std::string list_of(Schemes schemes) {
  std::string list;
  for (const std::string_view scheme : schemes)
    list += (list.empty() ? "" : " or ") + std::string(scheme) + "://";
  return list;
}

/// Boost.URL takes any number of digits.
bool is_port(std::string_view digits) {
  unsigned number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [behind, error] = std::from_chars(digits.data(), end, number);
  return error == std::errc() && behind == end && number >= 1 && number <= 65535;
}

bool is_tls(std::string_view scheme) { return scheme == "https" || scheme == "wss"; }

config::Checked<Url> parts_of(const urls::url_view_base& parsed, Schemes schemes) {
  Url url;
  url.scheme = std::string(parsed.scheme());
  std::transform(url.scheme.begin(), url.scheme.end(), url.scheme.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (std::find(schemes.begin(), schemes.end(), url.scheme) == schemes.end())
    return Mistake{"does not begin with " + list_of(schemes), "write " + list_of(schemes)};
  url.tls = is_tls(url.scheme);
  url.host = parsed.host_address();
  if (url.host.empty()) return Mistake{"names no host", "write one behind " + url.scheme + "://"};
  const std::string usual = url.tls ? "443" : "80";
  url.port = std::string(parsed.port());
  if (url.port.empty()) url.port = usual;
  if (!is_port(url.port)) return Mistake{"has no port between 1 and 65535"};
  url.authority = std::string(parsed.encoded_host());
  if (url.port != usual) url.authority += ":" + url.port;
  const std::string path(parsed.encoded_path());
  url.target = path.empty() ? "/" : path;
  if (parsed.has_query()) url.target += "?" + std::string(parsed.encoded_query());
  if (parsed.has_userinfo()) url.userinfo = parsed.userinfo();
  return url;
}

}  // namespace

config::Checked<Url> parse_url(std::string_view text, Schemes schemes) {
  const auto parsed = urls::parse_uri({text.data(), text.size()});
  if (!parsed) {
    return Mistake{"is no URL",
                   "write " + list_of(schemes) + ", a host and a path, with what is special in it as %20"};
  }
  if (!parsed->has_authority()) return Mistake{"names no host", "write " + list_of(schemes) + " and a host"};
  return parts_of(*parsed, schemes);
}

config::Checked<Url> resolve(const Url& base, std::string_view reference, Schemes schemes) {
  const auto relative = urls::parse_uri_reference({reference.data(), reference.size()});
  const std::string text = base.scheme + "://" + base.authority + base.target;
  const auto from = urls::parse_uri(text);
  if (!relative || !from) return Mistake{"is no URL"};
  urls::url resolved;
  if (!urls::resolve(*from, *relative, resolved)) return Mistake{"is no URL"};
  return parts_of(resolved, schemes);
}

std::string to_string(const Url& url) {
  return url.scheme + "://" + url.authority + url.target.substr(0, url.target.find('?'));
}

}  // namespace coyield::generators::net
