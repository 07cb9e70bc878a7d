#include <coyield/handlers/client_script.hpp>

#include <coyield/handlers/fields.hpp>
#include <coyield/handlers/weighted_list.hpp>
#include <cstdint>

namespace coyield::handlers {

namespace {

constexpr std::string_view script =
#include "coyield.js.inc"
    ;

/// FNV-1a of the text: it has to differ between versions, nothing else.
constexpr std::uint64_t hash_of(std::string_view text) noexcept {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

std::string in_hexadecimal(std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4U) text[i] = digits[number & 0xfU];
  return text;
}

const std::string& entity_tag() {
  static const std::string tag = '"' + in_hexadecimal(hash_of(script)) + '"';
  return tag;
}

/// Compared weakly (RFC 9110, 13.1.2): a proxy that compresses makes a strong one weak.
bool has_it_already(const Request& request) {
  const std::string tags = joined(request, "If-None-Match");
  for (std::string_view rest = tags; !rest.empty();) {
    std::string_view tag = next_element(rest);
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == entity_tag()) return true;
  }
  return false;
}

}  // namespace

bool is_client_script(const Target& target) {
  return target.segments.size() == 2 && target.segments[0] == ".coyield" &&
         target.segments[1] == "coyield.js";
}

Response client_script(const Request& request) {
  Response response;
  response.fields.add("ETag", entity_tag()).add("Cache-Control", "no-cache");
  if (has_it_already(request)) {
    response.status = 304;
    return response;
  }
  response.fields.add("Content-Type", "text/javascript; charset=utf-8")
      .add("X-Content-Type-Options", "nosniff");
  response.body = std::string(script);
  return response;
}

}  // namespace coyield::handlers
