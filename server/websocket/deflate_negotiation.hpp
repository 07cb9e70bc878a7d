#pragma once

#include <coyield/server/websocket/codec.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Agreeing on permessage-deflate in the handshake (RFC 7692, sections 5 and 7.1).
namespace coyield::server::websocket {

/// What the server is willing to spend. The defaults choose memory: 38 KB for what is sent, nothing for what
/// clients send between their messages.
struct DeflateSettings {
  int level = 6;                                                        ///< zlib's, 1 to 9.
  int memory_level = 5;                                                 ///< zlib's, 1 to 9.
  DeflateWindow server{.window_bits = 12, .takeover = Takeover::keep};  ///< At most this; 9 to 15 bits.
  DeflateWindow client{.window_bits = 12, .takeover = Takeover::none};  ///< At most this; 8 to 15 bits.
};

/// An accepted offer: the parameters, and the value of `Sec-WebSocket-Extensions` in the answer.
struct DeflateAgreement {
  DeflateParams params;
  std::string answer;
};

/// Picks the first acceptable offer in the client's `Sec-WebSocket-Extensions` (several fields joined by
/// commas).
///
/// Nothing when there is none. An offer with an unknown or repeated parameter or a bad value is passed over,
/// as is one for a window of 8 bits from the server, which zlib cannot write; a field that breaks the grammar
/// is ignored whole.
std::optional<DeflateAgreement> negotiate_deflate(std::string_view offers, const DeflateSettings& settings);

/// A client's offer, and what it makes of the answer: nothing when the server's answer is not one to that
/// offer, for which a client must fail the connection (1010). An answer without the extension is not passed
/// here.
std::string offer_deflate(const DeflateSettings& settings);
std::optional<DeflateParams> accept_deflate(std::string_view answer, const DeflateSettings& settings);

}  // namespace coyield::server::websocket
