#pragma once

#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/handlers/target.hpp>
#include <optional>
#include <string>
#include <vector>

namespace coyield::handlers {

/// Whether the server answers to the name in `Host`, or in a target that has one: nothing, or the 421 that
/// says what to configure.
///
/// A page can have its own name resolve to an address that only its visitor can reach, and then read there
/// as if it were at home (DNS rebinding). The browser says the page's name in `Host`, so a name that nobody
/// has given to this server is not served. An address in numbers or `localhost` cannot be such a name, and a
/// request without `Host` comes from no browser: these pass. Other names have to be among `hosts`; where
/// nothing was said, they pass everywhere but on connections to a loopback address, since there is nothing
/// else that would keep strangers away.
std::optional<Response> refuse_host(const Request& request, const Target& target,
                                    const std::optional<std::vector<std::string>>& hosts);

}  // namespace coyield::handlers
