#pragma once

#include <string_view>

namespace coyield::handlers {

/// The id of the event that ends an SSE stream. A browser connects again after every end and then sends this
/// as its `Last-Event-ID`, to which the answer is 204: that stops it.
inline constexpr std::string_view sse_end_id = "end";

}  // namespace coyield::handlers
