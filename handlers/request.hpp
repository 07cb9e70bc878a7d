#pragma once

#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <optional>
#include <span>
#include <string_view>

namespace coyield::handlers {

struct EnvelopeOptions;

enum class Method : unsigned char { get, head, options, delete_, post, other };

/// Whether it only looks (RFC 9110, 9.2.1).
constexpr bool is_safe(Method method) noexcept { return method <= Method::options; }

/// One line of a request's header.
struct Field {
  std::string_view name;
  std::string_view value;
};

/// What a client asks for, with nothing of the socket in it.
///
/// All texts are borrowed from the session, and valid while the handler runs: a generator that needs one
/// keeps a copy (as resolving the parameters of an endpoint does).
struct Request {
  Method method = Method::get;
  std::string_view method_text = "GET";
  std::string_view target = "/";  ///< path and query, as they were sent
  unsigned minor_version = 1;     ///< of HTTP/1.x
  bool websocket = false;         ///< it asks for the WebSocket protocol, correctly
  bool draining = false;          ///< the server is about to go away
  bool loopback = false;          ///< it came to a loopback address of this machine
  std::span<const Field> fields = {};
  std::string_view client = {};  ///< the address it comes from, for the log
  /// Of one stream among several on a connection, which is asked for with the header that the connection
  /// began with: its items go in these envelopes. Null: a request of its own.
  const EnvelopeOptions* envelope = nullptr;

  /// The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const noexcept;
};

}  // namespace coyield::handlers
