#pragma once

#include <coyield/generators/net/websocket/frame.hpp>

#include <cstdint>
#include <optional>

namespace coyield::generators::net::websocket {

/// How far the closing of one connection has come (RFC 6455, section 7.1), and so what may still be sent.
///
/// A plain state without I/O or clock: whoever owns the connection writes the frames, bounds the wait for the
/// peer's answer, and closes the socket once `finished()`: a server does so at once, a client waits for the
/// server.
///
///     if (closing.send()) append_close(out, CloseCode::going_away, "draining");
///     ...
///     if (auto code = closing.receive(event.code)) append_close(out, *code);
class CloseHandshake {
 public:
  /// True until a close frame was sent: nothing may follow that, not even a pong.
  bool may_send() const { return !sent_; }

  /// Asks to send a close frame of our own; true for the first to ask, who then must.
  bool send() {
    const bool first = !sent_;
    sent_ = true;
    return first;
  }

  /// The peer's close frame has come, with `code`. Gives the code to echo; nothing when ours has gone out
  /// before.
  std::optional<CloseCode> receive(CloseCode code) {
    received_ = true;
    return send() ? std::optional<CloseCode>(code) : std::nullopt;
  }

  bool sent() const { return sent_; }
  bool received() const { return received_; }

  /// Both have said goodbye; the connection may go.
  bool finished() const { return sent_ && received_; }

 private:
  bool sent_ = false;
  bool received_ = false;
};

}  // namespace coyield::generators::net::websocket
