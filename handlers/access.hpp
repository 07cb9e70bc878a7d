#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>

namespace coyield::handlers {

using Tokens = std::set<std::string, std::less<>>;

/// Whether the request may, as `access` says. Nothing, or: the 401 that says how to ask, where there is no
/// token or one that nobody knows; 403 for one that is good elsewhere, among `known`, but not here (RFC
/// 6750, 3.1). Tokens are compared in a time that does not depend on how much of one is right.
std::optional<Response> refuse_access(const Request& request, const config::Access& access,
                                      const Tokens& known = {});

/// Whether a page of `origin` may open a WebSocket: it comes from this server itself (whose name has passed
/// `refuse_host`), or from an allowed origin. A request without `Origin` does not come from a browser's page.
bool origin_allowed(const Request& request, const config::Cors& cors);

inline constexpr std::string_view reading_methods = "GET, HEAD, OPTIONS";

/// The fields that let a page of another origin read the answer (CORS, fetch.spec.whatwg.org), and ask by
/// `methods`.
void add_cors_fields(const Request& request, const config::Cors& cors, Response& response,
                     std::string_view methods = reading_methods);

}  // namespace coyield::handlers
