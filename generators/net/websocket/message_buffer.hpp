#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace coyield::generators::net::websocket {

/// Appends to a message that never grows beyond `limit`, and neither does its memory: a plain vector would
/// take up to twice that. The caller has checked that the bytes fit.
inline void append_within(std::vector<char>& message, std::string_view bytes, std::size_t limit) {
  const std::size_t size = message.size() + bytes.size();
  if (size > message.capacity()) message.reserve(std::max(size, std::min(2 * message.capacity(), limit)));
  message.insert(message.end(), bytes.begin(), bytes.end());
}

}  // namespace coyield::generators::net::websocket
