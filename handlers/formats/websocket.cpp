#include <coyield/generators/gap.hpp>
#include <coyield/generators/utf8.hpp>
#include <coyield/handlers/formats/format.hpp>

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Item;
using generators::PayloadKind;

/// Payloads only: frames, pings and the close that says how the stream ended are the session's.
class WebSocketEncoder final : public generators::Encoder {
 public:
  void item(const Item& item, Buffer& out) override {
    if (item.kind() == PayloadKind::text) {
      generators::append_utf8(out, item.payload());  // RFC 6455, section 5.6: a text message is valid UTF-8
    } else {
      if (item.kind() == PayloadKind::gap) [[unlikely]]
        generators::refuse_gap(item);
      item.write_payload(out);
    }
  }
};

}  // namespace

Format websocket_format() {
  return {
      .description = {.kind = config::ComponentKind::format,
                      .name = "websocket",
                      .summary = "What WebSocket clients get: one message an item.",
                      .details =
                          "JSON and text are text messages, bytes are binary ones. In text, what is not "
                          "UTF-8 becomes U+FFFD. The close code says how the stream ended: 1000 at its end, "
                          "1011 when it failed. It is not for HTTP responses.",
                      .configurable = false},
      .media_type = "",
      .content_type = "",
      .by_accept = ByAccept::never,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<WebSocketEncoder>();
      }};
}

}  // namespace coyield::handlers
