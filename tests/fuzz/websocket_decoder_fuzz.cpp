#include <algorithm>
#include <coyield/generators/net/websocket/decoder.hpp>
#include <coyield/generators/utf8.hpp>
#include <cstring>
#include <memory>
#include <string>

#include "fuzz.hpp"

// Whatever a peer sends, the decoder must stay within memory and its limits, and give the same events however
// the bytes are cut. The first byte chooses options, the second how the bytes are cut, the rest is what the
// peer sends.

namespace {

using namespace coyield::generators::net::websocket;
using coyield::fuzz::require;
using coyield::generators::is_utf8;

Decoder::Options options_from(unsigned choice) {
  Decoder::Options options;
  if ((choice & 1U) != 0) options.role = Role::client;
  options.max_message = (choice & 2U) != 0 ? 100 : 70000;
  if ((choice & 4U) != 0) {
    const DeflateWindow window{(choice & 8U) != 0 ? 15 : 9,
                               (choice & 16U) != 0 ? Takeover::keep : Takeover::none};
    options.deflate = DeflateParams{window, window};
  }
  return options;
}

void check(const Event& event, const Decoder::Options& options) {
  using Kind = Event::Kind;
  if (event.kind == Kind::text || event.kind == Kind::close)
    require(is_utf8(event.payload), "a text is UTF-8");
  if (event.kind == Kind::text || event.kind == Kind::binary)
    require(event.payload.size() <= options.max_message, "no message is longer than allowed");
  if (event.kind == Kind::ping || event.kind == Kind::pong)
    require(event.payload.size() <= max_control_payload, "no control frame is longer than allowed");
  if (event.kind == Kind::error)
    require(!event.payload.empty() && is_sendable(event.code), "an error says why, with a code");
}

/// All events in one string, to be compared.
std::string decode(const Decoder::Options& options, std::string_view bytes, std::size_t piece) {
  Decoder decoder(options);
  std::string events;
  bool over = false;
  while (!bytes.empty()) {
    const std::size_t size = std::min(piece, bytes.size());
    const std::unique_ptr<char[]> copy(new char[size]);
    std::memcpy(copy.get(), bytes.data(), size);
    bytes.remove_prefix(size);
    decoder.feed({copy.get(), size});
    while (const Event event = decoder.next()) {
      require(!over, "nothing comes behind the end");
      check(event, options);
      over = event.kind == Event::Kind::close || event.kind == Event::Kind::error;
      events += static_cast<char>(event.kind);
      events +=
          std::to_string(static_cast<int>(event.code)) + ' ' + std::to_string(event.payload.size()) + ' ';
      events += event.payload;
    }
    require(decoder.unused().empty(), "all that was fed is used");
    require(decoder.held_bytes() <= options.max_message + max_control_payload, "what is held has a bound");
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Decoder::Options options = options_from(data[0]);
  const std::string_view bytes = coyield::fuzz::as_text(data + 2, size - 2);
  const std::string at_once = decode(options, bytes, bytes.size());
  const std::string in_pieces = decode(options, bytes, 1U + data[1] % 32U);
  // zlib refuses a reference beyond a narrow window only once the bytes it refers to have left its hands.
  const bool narrow = options.deflate && options.deflate->client.window_bits < 15;
  require(narrow || in_pieces == at_once, "the events are the same however the bytes are cut");
  return 0;
}
