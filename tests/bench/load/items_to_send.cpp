#include "items_to_send.hpp"

#include <charconv>

#include "../limit/digits.hpp"
#include "lateness.hpp"

namespace coyield::bench {
namespace {

constexpr std::size_t chunk_bytes = 16 * 1024;

}  // namespace

std::string_view ItemsToSend::next_chunk() {
  if (closed_) return {};
  lines_.resize(chunk_bytes + max_item_bytes + 1);
  char* at = lines_.data();
  const auto time = wall_clock();
  for (; next_ < count_ && at < lines_.data() + chunk_bytes; ++next_) {
    at = write_item(at, next_, time);
    *at++ = '\n';
  }
  const auto size = static_cast<std::size_t>(at - lines_.data());
  closed_ = size == 0;
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof(digits), size, 16).ptr;
  chunk_.assign(digits, end).append("\r\n").append(lines_.data(), size).append("\r\n");
  return chunk_;
}

std::string item_to_send(std::uint64_t number, std::uint64_t time) {
  char text[max_item_bytes];
  return {text, write_item(text, number, time)};
}

}  // namespace coyield::bench
