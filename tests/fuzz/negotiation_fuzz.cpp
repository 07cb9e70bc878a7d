#include <coyield/handlers/negotiation.hpp>

#include "fuzz.hpp"

// The first byte chooses how the endpoint is made; then a `?format=` that ends with a line feed, if the byte
// says so; the rest is an `Accept`.

namespace {

using namespace coyield::handlers;
using coyield::fuzz::require;

void check(const Choice& choice, bool finite, bool asked) {
  if (const auto* refused = std::get_if<NotAcceptable>(&choice)) {
    require(!refused->detail.empty(), "a refusal says why");
  } else if (const auto* chosen = std::get_if<const Format*>(&choice)) {
    const Format& format = **chosen;
    require(format.over_http(), "the format is one for HTTP");
    require(asked || format.by_accept != ByAccept::never, "the format may be had by Accept");
    require(asked || finite || format.by_accept != ByAccept::finite,
            "no endless stream in a format with an end");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Format> formats = all_formats();
  std::string_view rest = coyield::fuzz::as_text(data, size);
  const unsigned options = coyield::fuzz::take_byte(rest);
  const bool finite = (options & 1U) != 0;
  const bool asked = (options & 2U) != 0;
  std::string format;
  if (asked) {
    format = coyield::fuzz::take(rest, rest.find('\n'));
    coyield::fuzz::take(rest, 1);
  }
  const Negotiation negotiation(formats, "ndjson", finite);
  const Field accept{"Accept", rest};
  Request request;
  if ((options & 4U) == 0) request.fields = {&accept, 1};
  const std::string* asked_for = asked ? &format : nullptr;
  check(negotiation.choose(request, asked_for), finite, asked);
  if (const Choice choice = negotiation.choose_websocket(asked_for); !asked)
    require(std::holds_alternative<const Format*>(choice), "a WebSocket has a format");
  return 0;
}
