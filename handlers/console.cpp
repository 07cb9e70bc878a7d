#include <coyield/handlers/console.hpp>

#include <algorithm>

namespace coyield::handlers {

namespace {

struct File {
  std::string_view name;
  std::string_view etag;
  std::string_view content;
};

constexpr File files[] = {
#include "console_files.inc"
};

/// Scripts and styles are files of their own; whatever a stream brings can be neither.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";

std::string_view content_type(std::string_view name) {
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  return "text/plain; charset=utf-8";
}

bool has_already(const Request& request, const File& file) {
  const auto known = request.find("If-None-Match");
  return known && known->find(file.etag) != std::string_view::npos;
}

}  // namespace

std::optional<Response> console_file(const Request& request, std::string_view name) {
  if (name.empty()) name = "index.html";
  const auto file = std::find_if(std::begin(files), std::end(files),
                                 [name](const File& each) { return each.name == name; });
  if (file == std::end(files)) return std::nullopt;
  Response response;
  response.fields.add("ETag", file->etag)
      .add("Cache-Control", "no-cache")
      .add("Content-Security-Policy", policy)
      .add("X-Content-Type-Options", "nosniff")
      .add("Referrer-Policy", "no-referrer");
  if (has_already(request, *file)) {
    response.status = 304;
    return response;
  }
  response.fields.add("Content-Type", content_type(name));
  response.body = std::string(file->content);
  return response;
}

}  // namespace coyield::handlers
