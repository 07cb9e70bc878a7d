#pragma once

#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/handlers/target.hpp>

namespace coyield::handlers {

/// Where a server has the client for browsers and Node: coyield.js, an ES module.
inline constexpr std::string_view client_script_path = "/.coyield/coyield.js";
bool is_client_script(const Target& target);

/// The module, for GET and HEAD. A browser that has it asks every time whether it is still the same, by the
/// ETag, and is answered 304: so pages never run one that is older than the server.
Response client_script(const Request& request);

}  // namespace coyield::handlers
