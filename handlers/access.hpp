#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>
#include <optional>
#include <string>

namespace coyield::handlers {

/// Whether the request may read: nothing, or the 401 that says how to ask. Tokens are compared in a time that
/// does not depend on how much of one is right.
std::optional<Response> refuse_access(const Request& request, const config::Access& access);

/// Whether a page of `origin` may open a WebSocket: it comes from this server itself, or from an allowed
/// origin. A request without `Origin` does not come from a browser's page.
bool origin_allowed(const Request& request, const config::Cors& cors);

/// The fields that let a page of another origin read the answer (CORS, fetch.spec.whatwg.org).
void add_cors_fields(const Request& request, const config::Cors& cors, Response& response);

}  // namespace coyield::handlers
