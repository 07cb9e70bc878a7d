#include <coyield/handlers/page.hpp>

namespace coyield::handlers {

namespace {

constexpr std::string_view page =
#include "page.html.inc"
    ;

// The page is constant, so that an inline script is as good as one of its own address.
constexpr std::string_view policy =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

Response live_page() {
  Response response;
  response.fields.add("Content-Type", "text/html; charset=utf-8")
      .add("Cache-Control", "no-cache")
      .add("Content-Security-Policy", policy)
      .add("X-Content-Type-Options", "nosniff")
      .add("Vary", "Accept");
  response.body = std::string(page);
  return response;
}

}  // namespace coyield::handlers
