#pragma once

#include <coyield/handlers/response.hpp>

namespace coyield::handlers {

/// What a browser's address line gets: a small page that shows the stream of its own URL live, by
/// `?format=sse`. It is the same for every endpoint; nothing of the request is in it.
Response live_page();

}  // namespace coyield::handlers
