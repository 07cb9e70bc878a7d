#pragma once

#include <coyield/generators/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

/// WebSocket frames (RFC 6455, section 5) as bytes: opcodes, close codes, and writing frames into a buffer.
///
/// Nothing here does I/O, allocates (beyond the buffer), fails, or has a thread of its own.
namespace coyield::generators::net::websocket {

/// Whose end of the connection this is. A client masks what it sends, a server must not.
enum class Role : std::uint8_t { server, client };

/// What a frame carries.
enum class Opcode : std::uint8_t {
  continuation = 0,  ///< More of the message that an earlier frame began.
  text = 1,          ///< A message that is UTF-8, or its first fragment.
  binary = 2,        ///< A message of any bytes, or its first fragment.
  close = 8,         ///< The sender sends nothing after this.
  ping = 9,          ///< Asks for a pong with the same payload.
  pong = 10,         ///< Answers a ping, or is a heartbeat nobody asked for.
};

constexpr bool is_control(Opcode opcode) { return (static_cast<std::uint8_t>(opcode) & 8U) != 0; }

/// Why a connection ends. Applications have the codes 3000 to 4999 to themselves.
enum class CloseCode : std::uint16_t {
  normal = 1000,            ///< The purpose of the connection is fulfilled.
  going_away = 1001,        ///< The server is draining, or the browser has left the page.
  protocol_error = 1002,    ///< The peer broke the framing rules.
  unsupported_data = 1003,  ///< A message of a type that the receiver does not take.
  no_status = 1005,         ///< Never sent: stands for a close frame without a code.
  abnormal = 1006,          ///< Never sent: stands for a connection that ended without a close frame.
  invalid_payload =
      1007,  ///< The payload contradicts its type: text that is not UTF-8, or cannot be inflated.
  policy_violation = 1008,     ///< Refused, for a reason that no other code names.
  message_too_big = 1009,      ///< A message beyond the receiver's limit.
  mandatory_extension = 1010,  ///< A client misses an extension in the server's answer.
  internal_error = 1011,       ///< The server failed.
  service_restart = 1012,      ///< The server restarts; come back.
  try_again_later = 1013,      ///< The server is overloaded, or the client was too slow.
  bad_gateway = 1014,          ///< An upstream of the server gave an invalid answer.
};

/// True of the codes that may stand in a close frame: those the registry assigns, and 3000 to 4999.
bool is_sendable(CloseCode code);

inline constexpr std::size_t max_control_payload = 125;
inline constexpr std::size_t max_header_bytes = 14;

/// Whether more frames of the same message follow.
enum class Fragment : std::uint8_t { last, more };

/// Whether the message is compressed by permessage-deflate; said on its first frame only.
enum class Coding : std::uint8_t { plain, deflated };

constexpr char first_byte(Opcode opcode, Fragment fragment = Fragment::last, Coding coding = Coding::plain) {
  unsigned byte = static_cast<unsigned>(opcode);
  if (fragment == Fragment::last) byte |= 0x80U;
  if (coding == Coding::deflated) byte |= 0x40U;
  return static_cast<char>(byte);
}

/// Size of an unmasked header for a payload of `length` bytes: 2, 4 or 10.
constexpr std::size_t header_size(std::uint64_t length) { return length < 126 ? 2 : length < 65536 ? 4 : 10; }

/// Writes what follows the first byte: the length, big-endian, in 1, 3 or 9 bytes. Gives how many.
inline std::size_t write_length(char* out, std::uint64_t length) {
  if (length < 126) {
    out[0] = static_cast<char>(length);
    return 1;
  }
  const std::size_t bytes = length < 65536 ? 2 : 8;
  *out++ = static_cast<char>(bytes == 2 ? 126 : 127);
  for (std::size_t i = bytes; i-- > 0; length >>= 8U) out[i] = static_cast<char>(length & 0xFFU);
  return 1 + bytes;
}

/// Writes the header of an unmasked frame to `out`, which has room for 10 bytes; gives its size: 2, 4 or 10.
inline std::size_t write_header(char* out, Opcode opcode, Fragment fragment, Coding coding,
                                std::uint64_t length) {
  out[0] = first_byte(opcode, fragment, coding);
  return 1 + write_length(out + 1, length);
}

/// Puts a frame around a payload whose size is known only once it has been written.
///
/// Construction reserves the two header bytes that a payload below 126 bytes needs, `end()` fills them in; a
/// longer payload is moved up by 2 or 8 bytes then. Refers to the buffer, which nobody else may shrink
/// meanwhile.
///
///     FrameWriter frame(buffer, Opcode::text);
///     encoder.item(item, buffer);
///     frame.end();
class FrameWriter {
 public:
  FrameWriter(Buffer& buffer, Opcode opcode, Coding coding = Coding::plain)
      : buffer_(buffer), start_(buffer.size()) {
    char* out = buffer.prepare(2);
    out[0] = first_byte(opcode, Fragment::last, coding);
    buffer.commit(2);
  }

  /// Completes the frame. Call it once, after the last byte of the payload.
  void end() {
    const std::size_t length = buffer_.size() - start_ - 2;
    if (length < 126) [[likely]] {
      buffer_.data()[start_ + 1] = static_cast<char>(length);
    } else {
      widen(length);
    }
  }

  /// Takes the frame back, payload and all; for an encoder that failed half-way.
  void abandon() { buffer_.resize(start_); }

 private:
  void widen(std::size_t length);

  Buffer& buffer_;
  std::size_t start_;
};

/// Appends a whole unmasked frame.
void append_frame(Buffer& buffer, Opcode opcode, std::string_view payload, Coding coding = Coding::plain);

/// Appends a whole frame as a client sends it. `key` must come from a good source of randomness, anew each
/// frame.
void append_masked_frame(Buffer& buffer, Opcode opcode, std::string_view payload, std::uint32_t key,
                         Coding coding = Coding::plain);

/// The payload of a close frame: the code and as much of `reason` as fits (123 bytes), cut between code
/// points. For `no_status` it is empty, since that code says that there was none.
class ClosePayload {
 public:
  explicit ClosePayload(CloseCode code, std::string_view reason = {});
  std::string_view view() const { return {bytes_, size_}; }

 private:
  std::size_t size_ = 0;
  char bytes_[max_control_payload];
};

/// Appends a close frame of a server.
void append_close(Buffer& buffer, CloseCode code, std::string_view reason = {});

}  // namespace coyield::generators::net::websocket
