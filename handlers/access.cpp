#include <coyield/handlers/access.hpp>

#include <algorithm>
#include <coyield/handlers/fields.hpp>
#include <string_view>

namespace coyield::handlers {

namespace {

bool equal_in_constant_time(std::string_view given, std::string_view expected) noexcept {
  unsigned difference = given.size() == expected.size() ? 0 : 1;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char other = expected.empty() ? '\0' : expected[i % expected.size()];
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(other);
  }
  return difference == 0;
}

std::optional<std::string_view> bearer_token(const Request& request) {
  const auto authorization = request.find("Authorization");
  if (!authorization) return std::nullopt;
  constexpr std::string_view scheme = "Bearer ";
  if (authorization->size() < scheme.size() ||
      !equal_ignoring_case(authorization->substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  return trim(authorization->substr(scheme.size()));
}

/// Looks at all of them, whichever it is.
bool is_among(std::string_view given, const auto& tokens) noexcept {
  bool found = false;
  for (const std::string& token : tokens) {
    if (equal_in_constant_time(given, token)) found = true;
  }
  return found;
}

Response unauthorized(std::string_view detail, std::string_view challenge) {
  Response response = problem(401, detail);
  response.fields.add("WWW-Authenticate", challenge);
  return response;
}

bool listed(std::string_view origin, const config::Cors& cors) {
  return std::any_of(cors.origins.begin(), cors.origins.end(), [origin](const std::string& allowed) {
    return allowed == "*" || equal_ignoring_case(allowed, origin);
  });
}

}  // namespace

std::optional<Response> refuse_access(const Request& request, const config::Access& access,
                                      const Tokens& known) {
  if (access.anyone()) return std::nullopt;
  const auto token = bearer_token(request);
  if (!token) return unauthorized("this needs a token: send it as \"Authorization: Bearer TOKEN\"", "Bearer");
  if (is_among(*token, *access.tokens)) return std::nullopt;
  if (is_among(*token, known)) {
    Response response = problem(403, "the token is good elsewhere, but does not open this");
    response.fields.add("WWW-Authenticate", "Bearer error=\"insufficient_scope\"");
    return response;
  }
  return unauthorized("the token is not one of those that open this", "Bearer error=\"invalid_token\"");
}

bool origin_allowed(const Request& request, const config::Cors& cors) {
  const auto origin = request.find("Origin");
  if (!origin) return true;
  const std::size_t scheme = origin->find("://");
  const auto host = request.find("Host");
  if (scheme != std::string_view::npos && host && !host->empty() &&
      equal_ignoring_case(origin->substr(scheme + 3), *host))
    return true;
  return listed(*origin, cors);
}

void add_cors_fields(const Request& request, const config::Cors& cors, Response& response,
                     std::string_view methods) {
  if (cors.origins.empty()) return;
  response.fields.add("Vary", "Origin");
  const auto origin = request.find("Origin");
  if (!origin || !listed(*origin, cors)) return;
  response.fields.add("Access-Control-Allow-Origin", *origin);
  response.fields.add("Access-Control-Expose-Headers", "Last-Event-ID, Retry-After");
  if (request.method != Method::options) return;
  response.fields.add("Access-Control-Allow-Methods", methods);
  response.fields.add("Access-Control-Allow-Headers",
                      "Authorization, Last-Event-ID, Cache-Control, Content-Type, Idempotency-Key");
  response.fields.add("Access-Control-Max-Age", "600");
}

}  // namespace coyield::handlers
