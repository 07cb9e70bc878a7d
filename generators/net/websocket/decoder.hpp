#pragma once

#include <coyield/generators/net/websocket/deflate.hpp>
#include <coyield/generators/net/websocket/frame.hpp>
#include <coyield/generators/net/websocket/utf8.hpp>

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace coyield::generators::net::websocket {

/// Something a peer has said. `payload` is borrowed: see `Decoder::next`.
struct Event {
  enum class Kind : std::uint8_t {
    none,    ///< All bytes are used up; feed more.
    text,    ///< A whole message, valid UTF-8, in `payload`.
    binary,  ///< A whole message in `payload`.
    ping,    ///< To be answered by a pong with the same `payload`.
    pong,    ///< A sign of life.
    close,   ///< The peer's last word: `code` (`no_status` when it gave none), and its reason in `payload`.
    error,   ///< The peer broke the protocol: close with `code`; `payload` says why, for close frame and log.
  };

  Kind kind = Kind::none;
  CloseCode code = CloseCode::no_status;
  std::string_view payload;

  explicit operator bool() const { return kind != Kind::none; }
};

/// Reads the frames of one peer, in whatever pieces they arrive, and gives its messages and control frames in
/// order.
///
/// Ends with the first `close` or `error`; bytes after that are dropped unseen.
/// Owns the parts of a message that is still incomplete, and nothing of note between messages. Works in place
/// on the bytes fed: payloads are unmasked there, and a message that lies there in one frame is not copied.
/// Every fault of a peer is an event, never an exception; std::bad_alloc may be thrown. Uses no clock and no
/// thread.
///
///     decoder.feed(bytes);
///     while (Event event = decoder.next()) handle(event);
class Decoder {
 public:
  struct Options {
    /// Whose decoder this is: a server's peers must mask, a client's must not.
    Role role = Role::server;
    /// Bytes of a message, after inflating; beyond it the error is 1009.
    std::size_t max_message = 1024 * 1024;
    /// When permessage-deflate was negotiated.
    std::optional<DeflateParams> deflate = {};
  };

  explicit Decoder(const Options& options);

  /// Hands over the next bytes. The previous ones must be used up: `next()` has said `none`. They stay the
  /// caller's, and must live and be left alone until `next()` says `none` again.
  void feed(std::span<char> bytes) {
    assert(at_ == end_ || phase_ == Phase::over);
    at_ = bytes.data();
    end_ = at_ + bytes.size();
  }

  /// The next event, or `none`. Its payload lies in the bytes fed or in the decoder, until the following
  /// `next()`.
  Event next();

  /// The bytes fed that no event has used yet.
  std::span<char> unused() const { return {at_, end_}; }
  /// Gives them back to the caller, who feeds them again, or bytes that begin with them, when there is room
  /// for more events.
  std::span<char> take_unused() {
    const std::span<char> rest = unused();
    at_ = end_;
    return rest;
  }

  /// Memory held for an incomplete message or a delivered one, without zlib's.
  std::size_t held_bytes() const { return message_.capacity() + control_.capacity(); }

  /// True when zlib's context is held: within a compressed message, and between them with context takeover.
  bool holds_inflater() const { return !inflater_.idle(); }
  /// What that context takes, in bytes, about.
  std::size_t inflater_bytes() const { return inflater_.held_bytes(); }

 private:
  enum class Phase : std::uint8_t { header, payload, over };

  const char* complete_header();
  const char* gather_header();
  Event begin_frame(const char* header);
  const char* fault_in(const char* header, std::uint64_t length) const;
  const char* fault_in_sequence(Opcode opcode, bool deflated) const;
  Event begin_data(Coding coding, std::uint64_t length);
  std::span<char> take_payload();
  Event take_data(std::string_view part);
  Event take_plain(std::string_view part, bool last);
  Event take_deflated(std::string_view part, bool last);
  Event check_inflated(Inflater::Result result, std::size_t checked);
  Event finish_message(std::string_view payload);
  Event take_control(std::string_view part);
  Event finish_close(std::string_view payload);
  Event fail(CloseCode code, const char* why);
  void forget_delivered();
  void forget_all();

  char* at_ = nullptr;
  char* end_ = nullptr;
  std::uint64_t remaining_ = 0;  // bytes of the current frame's payload still to come
  std::size_t max_message_;
  std::uint32_t key_ = 0;  // turned to the next byte of the payload
  Role role_;
  Phase phase_ = Phase::header;
  Opcode opcode_ = Opcode::continuation;          // of the current frame
  Opcode message_opcode_ = Opcode::continuation;  // of the current message; continuation: there is none
  Coding coding_ = Coding::plain;                 // of the current message
  bool final_ = false;                            // the current frame ends its message
  bool may_deflate_;
  std::uint8_t header_size_ = 0;
  char header_[max_header_bytes];  // the beginning of a header that arrives in pieces
  Utf8Validator utf8_;             // of the current message; between messages it stands between code points
  std::vector<char> message_;      // of a message in several pieces, or inflated
  std::vector<char> control_;      // of a control frame in several pieces
  Inflater inflater_;
};

}  // namespace coyield::generators::net::websocket
