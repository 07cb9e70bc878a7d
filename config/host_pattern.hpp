#pragma once
#include <coyield/config/mistake.hpp>
#include <string>
#include <string_view>

namespace coyield::config {

/// The name of a host that the server answers to: `example.com`, `*.example.com` for all names below that
/// one, or `*` for any. Gives it in lower case.
Checked<std::string> parse_host_pattern(std::string_view text);

/// Whether `host`, without a port, is one of those that `pattern` stands for. Case makes no difference.
bool matches_host(std::string_view pattern, std::string_view host) noexcept;

}  // namespace coyield::config
