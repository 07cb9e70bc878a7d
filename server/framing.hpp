#pragma once

#include <concepts>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/encoder.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/server/connections/outgoing.hpp>

namespace coyield::server {

/// What the client's bytes, which have just been read, mean for its stream.
enum class Inbound : unsigned char {
  go_on,  ///< nothing for the stream
  left,   ///< the client has left, or may not stay
};

/// How the items of one stream go over one protocol: what differs between HTTP/1.1, HTTP/1.0 and WebSocket.
///
/// A batch is written between `open` and `seal`, without a suspension in between; what `seal` gives is sent
/// as one. One that can send bytes from where they stand has `lend(bytes, out)`, too: they are the last of
/// the batch then, and valid until it is sealed and sent.
///
///     template <class F>
///     concept Framing = requires {
///       framing.open(out);                   // room in front of a batch, where it is needed
///       framing.item(encoder, item, out);    // may throw Failure, with `out` as it was
///       framing.heartbeat(encoder, out);     // -> Inbound; nothing where the format has none
///       framing.end(encoder, out);           // the stream has ended
///       framing.failed(encoder, failure, out);
///       framing.draining(encoder, out);      // the server goes away
///       framing.nothing_sent();              // -> whether the client can still get another response
///       framing.itemwise();                  // -> whether what `item` writes is the same for all clients
///       framing.seal(out);                   // -> the bytes to send: Outgoing, or of one piece
///       framing.received();                  // -> Inbound; reads what the client has sent
///       framing.has_news();                  // -> whether to call `received`, though there is nothing to
///       read
///     };
template <class F>
concept Framing = requires(F& framing, generators::Encoder& encoder, const generators::Item& item,
                           const generators::Failure& failure, generators::Buffer& out) {
  framing.open(out);
  framing.item(encoder, item, out);
  { framing.heartbeat(encoder, out) } -> std::same_as<Inbound>;
  framing.end(encoder, out);
  framing.failed(encoder, failure, out);
  framing.draining(encoder, out);
  { framing.nothing_sent() } -> std::convertible_to<bool>;
  { framing.itemwise() } -> std::convertible_to<bool>;
  { framing.seal(out) } -> std::convertible_to<Outgoing>;
  { framing.received() } -> std::same_as<Inbound>;
  { framing.has_news() } -> std::convertible_to<bool>;
};

/// Throws where the item is over the limit, without what a format makes of it: escapes, Base64, a name of an
/// event. `encoded` is with it, for items that are a value. Bytes.
void refuse_too_long(const generators::Item& item, std::size_t encoded, std::size_t max_item);

}  // namespace coyield::server
