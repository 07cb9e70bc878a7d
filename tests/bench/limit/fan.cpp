#include "fan.hpp"

#include "digits.hpp"

namespace coyield::bench {

bool Fan::write_due(Framing framing, std::uint64_t now) {
  if (due_ == 0) due_ = now;
  bool any = false;
  for (; due_ <= now; due_ += period_, any = true) write(framing, due_);
  return any;
}

void Fan::write_block(Framing framing, std::uint64_t now) {
  for (const std::uint64_t stop = end() + block_bytes; end() < stop;) write(framing, now);
}

void Fan::forget(std::uint64_t offset) {
  bytes_.erase(0, static_cast<std::size_t>(offset - begin_));
  begin_ = offset;
}

void Fan::write(Framing framing, std::uint64_t ts) {
  char text[max_item_bytes];
  const std::string_view item(text, static_cast<std::size_t>(write_item(text, number_++, ts) - text));
  if (framing == Framing::frames) {
    bytes_ += '\x81';
    bytes_ += static_cast<char>(item.size());
    bytes_ += item;
    return;
  }
  char head[chunk_head_bytes];
  write_chunk_head(head, item.size() + 8);
  bytes_.append(head, sizeof(head)).append("data: ").append(item).append("\n\n\r\n");
}

}  // namespace coyield::bench
