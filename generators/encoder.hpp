#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/item.hpp>

namespace coyield::generators {

/// Turns the items of one stream into the bytes of a format: one object per client stream.
///
/// It is called in this order: `begin`, maybe `position`, any number of `item` and `heartbeat`, then `end` or
/// `failed`; each appends to `out`. It does no I/O and never waits. An item that the format has no way to
/// say, and so a gap in most formats, is a `Failure`, thrown by `item`, with `out` as it was before.
///
/// What `failed` writes does not end the stream in a way that could be taken for its end: the transport is
/// cut behind it (see DESIGN of the formats in `handlers/formats`).
class Encoder {
 public:
  virtual ~Encoder() = default;
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  virtual void begin(Buffer& out);
  virtual void item(const Item& item, Buffer& out) = 0;
  virtual void end(Buffer& out);
  virtual void failed(const Failure& failure, Buffer& out);
  /// Something that a client passes over, to show that the stream lives. False: the format has nothing for
  /// it.
  virtual bool heartbeat(Buffer& out);
  /// Where the stream stands while it has no item yet: a client that loses it now goes on behind `id`. Once,
  /// at the most, and in front of all items.
  virtual void position(std::string_view id, Buffer& out);
  /// The server is going away, and the stream is cut behind this: a word to the client on when to come back.
  virtual void draining(Buffer& out);
  /// The stream goes on elsewhere: what was written until here is to be whole by itself, without being an
  /// end.
  virtual void pause(Buffer& out);
  /// For streams in messages (WebSocket): whether what `item` writes is to go as a binary message.
  bool binary(const Item& item) const noexcept {
    return messages_ == Messages::by_item ? item.kind() == PayloadKind::bytes : messages_ == Messages::binary;
  }
  /// Whether what `item` writes is the payload and nothing else, which can be sent from where it stands then.
  bool verbatim() const noexcept { return verbatim_; }

 protected:
  /// For a format whose every message is binary, or is text.
  enum class Messages : unsigned char { by_item, binary, text };
  explicit Encoder(Messages messages) noexcept : messages_(messages) {}
  /// For a format that adds nothing to a payload and nothing between two.
  struct Verbatim {};
  Encoder(Messages messages, Verbatim /*tag*/) noexcept : messages_(messages), verbatim_(true) {}

 private:
  // Not virtual functions: they are asked for each item.
  Messages messages_ = Messages::by_item;
  bool verbatim_ = false;
};

inline void Encoder::begin(Buffer& /*out*/) {}
inline void Encoder::end(Buffer& /*out*/) {}
inline void Encoder::failed(const Failure& /*failure*/, Buffer& /*out*/) {}
inline bool Encoder::heartbeat(Buffer& /*out*/) { return false; }
inline void Encoder::position(std::string_view /*id*/, Buffer& /*out*/) {}
inline void Encoder::draining(Buffer& /*out*/) {}
inline void Encoder::pause(Buffer& /*out*/) {}

}  // namespace coyield::generators
