#pragma once

#include <coyield/handlers/request.hpp>
#include <coyield/handlers/response.hpp>
#include <optional>
#include <string_view>

namespace coyield::handlers {

/// A file of the console (`console/`), which is part of the program: the page where `name` is empty, else a
/// script, a style, a picture. Nothing of the request is in it, so that anybody may have it. A browser that
/// has it gets a 304. Nothing where there is no such file.
std::optional<Response> console_file(const Request& request, std::string_view name);

}  // namespace coyield::handlers
