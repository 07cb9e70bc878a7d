#pragma once

#include <coyield/server/connections/connection.hpp>
#include <coyield/server/framing.hpp>
#include <coyield/server/websocket/codec.hpp>
#include <coyield/server/websocket/inbox.hpp>
#include <coyield/server/worker.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace coyield::server {

/// What takes the messages of a client, in the place of an inbox.
class MessageReceiver {
 public:
  virtual ~MessageReceiver() = default;

  /// `payload` is borrowed, and UTF-8 where it is text. May append frames to `answers`. What it gives, if it
  /// is not empty, is why the client may not go on.
  virtual std::string take(generators::PayloadKind kind, std::string_view payload,
                           generators::Buffer& answers) = 0;
  /// While it is, nothing more is read from the client.
  virtual bool full() const noexcept { return false; }
};

/// A stream as WebSocket messages, one item each, and what the client says meanwhile.
///
/// Pings are answered, messages go to `sink` where the endpoint takes them, and a client that breaks the
/// protocol is told which rule. While the sink is full, or the client does not take its answers, nothing is
/// read, and of what was read no more is decoded.
class WebSocketFraming {
 public:
  WebSocketFraming(Worker& worker, Connection& connection, const handlers::StreamOptions& options,
                   std::shared_ptr<MessageSink> sink, const std::optional<websocket::DeflateParams>& deflate);
  ~WebSocketFraming();
  WebSocketFraming(const WebSocketFraming&) = delete;
  WebSocketFraming& operator=(const WebSocketFraming&) = delete;

  void open(generators::Buffer& /*out*/) {}
  void item(generators::Encoder& encoder, const generators::Item& item, generators::Buffer& out) {
    using websocket::Opcode;
    const Opcode opcode = encoder.binary(item) ? Opcode::binary : Opcode::text;
    if (deflater_) [[unlikely]] {
      compressed_item(encoder, item, opcode, out);
      return;
    }
    websocket::FrameWriter frame(out, opcode);
    try {
      encoder.item(item, out);
    } catch (...) {
      frame.abandon();
      throw;
    }
    frame.end();
  }
  /// A ping. One that nothing was heard behind until the next is a client that has gone.
  Inbound heartbeat(generators::Encoder& encoder, generators::Buffer& out);
  void end(generators::Encoder& encoder, generators::Buffer& out);
  void failed(generators::Encoder& encoder, const generators::Failure& failure, generators::Buffer& out);
  void draining(generators::Encoder& encoder, generators::Buffer& out);
  bool nothing_sent() const noexcept { return false; }  // the 101 has left before
  bool itemwise() const noexcept { return deflater_ == nullptr; }
  /// Whole frames.
  void lend(std::string_view frames, generators::Buffer& /*out*/) noexcept { lent_ = frames; }
  Outgoing seal(generators::Buffer& out) { return {out.view(), std::exchange(lent_, {}), {}}; }

  /// From now on messages go to `receiver`; null: to nobody.
  void receive_by(MessageReceiver* receiver) noexcept { receiver_ = receiver; }
  /// What the client has sent earlier may have had consequences.
  bool has_news() const noexcept { return sink_ != nullptr || receiver_ != nullptr; }
  /// Nothing more will come of what the client has sent.
  bool settled() const { return sink_ == nullptr || sink_->settled(); }
  /// Reads once: a client that never stops sending must not have the thread to itself.
  Inbound received();
  /// What has come before the stream began.
  Inbound received(generators::Buffer bytes) { return take_all({bytes.data(), bytes.size()}); }

  const websocket::CloseHandshake& closing() const noexcept { return closing_; }

 private:
  void compressed_item(generators::Encoder& encoder, const generators::Item& item, websocket::Opcode opcode,
                       generators::Buffer& out);
  void count_contexts();
  Inbound take_all(std::span<char> bytes);
  Inbound refuse_messages();
  bool has_room(std::size_t answers) const noexcept;
  Inbound take(const websocket::Event& event, generators::Buffer& answers);
  Inbound take_message(generators::PayloadKind kind, std::string_view payload, generators::Buffer& answers);
  Inbound close(websocket::CloseCode code, std::string_view reason, generators::Buffer& answers);
  void append_close(websocket::CloseCode code, std::string_view reason, generators::Buffer& out);

  Worker& worker_;
  Connection& connection_;
  websocket::Decoder decoder_;
  websocket::CloseHandshake closing_;
  std::size_t max_item_;
  std::shared_ptr<MessageSink> sink_;
  MessageReceiver* receiver_ = nullptr;
  std::unique_ptr<websocket::Deflater> deflater_;
  std::string_view lent_;  // behind the batch
  bool heard_ = true;      // something has come since the last ping
};

}  // namespace coyield::server
