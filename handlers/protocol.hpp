#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// What a client says in the protocol `coyield.v1`: JSON objects, told apart by the member that names what is
/// wanted. What it is answered are envelopes (`formats/envelope.hpp`).
///
///     {"subscribe":"/ticks?every=100ms","sub":"a"}     "last_event_id":"ID" to resume behind it,
///                                                      "request":64 to get so many items, and then wait
///     {"request":32,"sub":"a"}                         as many more
///     {"unsubscribe":"a"}
///     {"publish":"/rooms/a","data":JSON,"ref":"r1","key":"K"}
///
/// On an endpoint there is one stream, from the start and without a name, and only {"request":32} is left.
namespace coyield::handlers {

inline constexpr std::string_view protocol_name = "coyield.v1";

/// Of the name of a subscription, or of a `ref`: bytes.
inline constexpr std::size_t most_name = 64;
/// The most items that can be requested at a time: what JavaScript can count.
inline constexpr std::uint64_t most_requested = (std::uint64_t{1} << 53U) - 1;

struct Subscribe {
  std::string target;  ///< path and query, as a GET has it
  std::string sub;
  std::string last_event_id = {};             ///< empty: from where the stream begins for everybody
  std::optional<std::uint64_t> request = {};  ///< items until more are requested; none: no limit
};

struct RequestItems {
  std::string sub;  ///< empty: of the one stream of an endpoint
  std::uint64_t items = 0;
};

struct Unsubscribe {
  std::string sub;
};

struct Publish {
  std::string target;
  std::string data;      ///< one JSON text, without line breaks
  std::string ref = {};  ///< what the client calls it; empty: it does not
  std::string key = {};  ///< by which it is told from itself, when it comes again; empty: none
};

/// A message that cannot be taken.
struct Nonsense {
  std::string detail;
  std::string sub = {};  ///< of the subscription that it was to begin
  std::string ref = {};  ///< of what it was to publish
};

using ClientMessage = std::variant<Nonsense, Subscribe, RequestItems, Unsubscribe, Publish>;

/// What a connection of the protocol is for.
enum class ProtocolScope : unsigned char {
  many,  ///< any number of subscriptions, by name
  one,   ///< the stream of one endpoint
};

/// Reads one message. `text` is UTF-8. Unknown members, members that are there twice and values of another
/// type are nonsense, whose `detail` names them.
ClientMessage parse_client_message(std::string_view text, ProtocolScope scope = ProtocolScope::many);

/// The JSON Schema of all messages, the server's among them: `coyield.v1.schema.json`.
std::string_view protocol_schema() noexcept;

}  // namespace coyield::handlers
