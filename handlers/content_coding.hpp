#pragma once

#include <coyield/handlers/request.hpp>
#include <optional>

namespace coyield::handlers {

/// How the bytes of a body are coded for the way to the client.
enum class Coding : unsigned char { identity, gzip };

/// What the client's `Accept-Encoding` asks for (RFC 9110, 12.5.3): gzip where it is `offered` and the client
/// likes it at least as much as no coding; none where it does not say. Nothing, where it refuses both.
std::optional<Coding> choose_coding(const Request& request, bool gzip_offered);

}  // namespace coyield::handlers
