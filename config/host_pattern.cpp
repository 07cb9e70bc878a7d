#include <algorithm>
#include <coyield/config/host_pattern.hpp>
#include <utility>

namespace coyield::config {
namespace {

// Not std::tolower, which asks the locale.
char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_name(std::string_view text) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !text.empty() && !text.starts_with('.') && !text.ends_with('.') &&
         text.find_first_not_of(allowed) == std::string_view::npos;
}

std::string_view without_scheme(std::string_view text) {
  const std::size_t scheme = text.find("://");
  return scheme == std::string_view::npos ? text : text.substr(scheme + 3);
}

}  // namespace

Checked<std::string> parse_host_pattern(std::string_view text) {
  const std::string_view name = text.starts_with("*.") ? text.substr(2) : text;
  if (text == "*" || is_name(name)) {
    std::string pattern(text);
    std::transform(pattern.begin(), pattern.end(), pattern.begin(), lower);
    return {boost::system::in_place_value, std::move(pattern)};
  }
  // What is most often written instead: an URL, or a host with its port.
  const std::string_view rest = without_scheme(text);
  const std::string_view host = rest.substr(0, rest.find_first_of(":/"));
  return Mistake{in_quotes(text) + " is not the name of a host",
                 is_name(host) ? "write " + in_quotes(host) + "; a port plays no part"
                               : R"(write "example.com", "*.example.com" for all below it, or "*" for any)"};
}

bool matches_host(std::string_view pattern, std::string_view host) noexcept {
  if (pattern == "*") return true;
  if (!pattern.starts_with("*.")) return equal_ignoring_case(pattern, host);
  const std::string_view tail = pattern.substr(1);
  return host.size() > tail.size() && equal_ignoring_case(tail, host.substr(host.size() - tail.size()));
}

}  // namespace coyield::config
