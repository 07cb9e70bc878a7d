#include <coyield/generators/net/websocket/frame.hpp>

#include <coyield/generators/net/websocket/masking.hpp>

#include <algorithm>
#include <cstring>

namespace coyield::generators::net::websocket {

bool is_sendable(CloseCode code) {
  const auto value = static_cast<unsigned>(code);
  // 1004 to 1006 and 1015 are reserved and say something other than what a peer sends; 1016 to 2999 are
  // unassigned.
  return (value >= 1000 && value <= 1003) || (value >= 1007 && value <= 1014) ||
         (value >= 3000 && value <= 4999);
}

void FrameWriter::widen(std::size_t length) {
  const std::size_t more = header_size(length) - 2;
  buffer_.prepare(more);
  buffer_.commit(more);
  char* frame = buffer_.data() + start_;
  std::memmove(frame + 2 + more, frame + 2, length);
  write_length(frame + 1, length);
}

void append_frame(Buffer& buffer, Opcode opcode, std::string_view payload, Coding coding) {
  char* out = buffer.prepare(max_header_bytes);
  buffer.commit(write_header(out, opcode, Fragment::last, coding, payload.size()));
  buffer.append(payload);
}

void append_masked_frame(Buffer& buffer, Opcode opcode, std::string_view payload, std::uint32_t key,
                         Coding coding) {
  char* out = buffer.prepare(max_header_bytes);
  const std::size_t size = write_header(out, opcode, Fragment::last, coding, payload.size());
  out[1] = static_cast<char>(static_cast<unsigned char>(out[1]) | 0x80U);
  std::memcpy(out + size, &key, sizeof key);
  buffer.commit(size + sizeof key);
  buffer.append(payload);
  apply_mask({buffer.data() + buffer.size() - payload.size(), payload.size()}, key);
}

namespace {

bool continues_code_point(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

std::string_view cut_at_code_point(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && continues_code_point(text[most])) --most;
  return text.substr(0, most);
}

}  // namespace

ClosePayload::ClosePayload(CloseCode code, std::string_view reason) {
  if (code == CloseCode::no_status) return;
  const auto value = static_cast<unsigned>(code);
  bytes_[0] = static_cast<char>(value >> 8U);
  bytes_[1] = static_cast<char>(value & 0xFFU);
  reason = cut_at_code_point(reason, sizeof bytes_ - 2);
  std::copy(reason.begin(), reason.end(), bytes_ + 2);
  size_ = 2 + reason.size();
}

void append_close(Buffer& buffer, CloseCode code, std::string_view reason) {
  append_frame(buffer, Opcode::close, ClosePayload(code, reason).view());
}

}  // namespace coyield::generators::net::websocket
