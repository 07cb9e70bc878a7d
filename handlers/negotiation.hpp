#pragma once

#include <coyield/handlers/formats/format.hpp>
#include <coyield/handlers/request.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace coyield::handlers {

/// Whether it is the one that puts all that there is to say into envelopes.
bool is_envelope(const Format& format) noexcept;

/// A browser's address line asks for a page rather than for a stream.
struct WantsPage {};

/// Nothing that is offered suits; why, for a 406.
struct NotAcceptable {
  std::string detail;
};

using Choice = std::variant<const Format*, WantsPage, NotAcceptable>;

/// Which format a client gets: `?format=` by name, else what its `Accept` prefers (RFC 9110, 12.5.1), else
/// the default.
/// `*/*` and an absent `Accept` mean the default. Of formats that it likes as much, the default goes first,
/// then the order of `formats`. `json` is chosen by `Accept` alone only where the stream is finite: a client
/// that waits for the end of an endless array would wait for ever.
class Negotiation {
 public:
  /// `formats` must outlive it. `default_format` is one of theirs.
  Negotiation(const std::vector<Format>& formats, std::string_view default_format, bool finite);

  Choice choose(const Request& request, const std::string* asked_for) const;
  /// The same for a WebSocket, which has a format of its own, and some others by name.
  Choice choose_websocket(const std::string* asked_for) const;
  /// The same for a client that wants envelopes, which are NDJSON.
  Choice choose_envelope(const std::string* asked_for) const;

 private:
  Choice by_name(std::string_view name) const;
  Choice by_accept(std::string_view accept) const;
  bool offered(const Format& format) const;

  const std::vector<Format>& formats_;
  const Format* default_;
  const Format* websocket_;
  bool finite_;
};

}  // namespace coyield::handlers
