#pragma once

#include <chrono>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/encoder.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/hub.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/handlers/content_coding.hpp>
#include <coyield/handlers/fields.hpp>
#include <coyield/handlers/places.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace coyield::handlers {

/// How a stream is to be treated on its way out. One for each format of an endpoint; lives as long as the
/// server.
struct StreamOptions {
  std::string endpoint = {};              ///< its pattern, for logs and figures
  std::size_t number = 0;                 ///< of the endpoint, in the order of adding
  std::string_view format = {};           ///< its name
  std::chrono::nanoseconds first_item{};  ///< how long the status waits for the first item
  std::chrono::nanoseconds heartbeat{};   ///< a sign of life after so much silence; 0: none
  std::uint64_t max_item = 1024 * 1024;   ///< bytes of one item, encoded
  std::uint64_t max_message = 64 * 1024;  ///< bytes of a WebSocket client's message
  bool says_end = false;                  ///< the format itself tells an end from a break
  bool says_position = false;             ///< the format can say where a stream without an item stands
  bool itemwise = false;                  ///< what the format makes of an item depends on that item alone
  bool finite = false;                    ///< it ends by itself and soon: a drain waits for it
  bool deflate = false;                   ///< offer permessage-deflate
  bool input = false;                     ///< messages of a WebSocket client reach the generator
};

/// One generator for all who ask for the same. One for each endpoint that is shared; lives as long as the
/// server.
struct Sharing {
  std::string endpoint = {};  ///< its pattern, for the log
  generators::ShareOptions options = {};
  unsigned max_instances = 1000;  ///< beyond which nobody gets a new one
};

/// What a client wants of a shared stream, or of a topic: who sends it finds the one that is there, or starts
/// it.
struct Subscription {
  /// The name of the topic that is read; empty: it is a generator that is shared.
  std::string topic = {};
  const Sharing* sharing = nullptr;  ///< of a generator
  /// The values of the request that play a part: whoever asks with the same ones gets the same stream.
  std::string key = {};
  /// Makes the generator, on any thread, and again where it goes on behind an id. Throws what is to be the
  /// end of all subscribers.
  std::function<generators::AsyncGenerator<generators::Item>(generators::SourceContext)> make = {};
  generators::SubscribeOptions begin = {};
};

/// What the body of a request, or the message of a WebSocket client, is taken for.
enum class PublishedAs : unsigned char {
  json,          ///< one item of JSON
  text,          ///< one of text
  json_or_text,  ///< JSON where it is some, else text
  bytes,         ///< one of bytes
  lines,         ///< lines, an item of JSON each (NDJSON)
};

/// What a client wants to publish: who has the request reads the items from its body, and answers what has
/// become of them.
struct Publication {
  std::string topic = {};  ///< its name
  PublishedAs as = PublishedAs::json_or_text;
  std::uint64_t max_item = 1024 * 1024;  ///< bytes
  unsigned max_depth = 64;               ///< of JSON
  std::string key = {};                  ///< makes a repetition harmless; empty: nothing does
  std::string client = {};               ///< its address, for its rate
  std::size_t number = 0;                ///< of the endpoint, in the order of adding
};

/// A stream as the body of a response: who sends it pulls `generator`, which has not run yet, and encodes.
struct Pull {
  generators::AsyncGenerator<generators::Item> generator;
  std::unique_ptr<generators::Encoder> encoder;
  const StreamOptions* options = nullptr;
  /// Filled in by the source, where the format can say it.
  std::shared_ptr<const generators::StartPosition> start = {};
  generators::TracePtr trace = {};   ///< of the generator, where it is a pipeline
  Coding coding = Coding::identity;  ///< over HTTP: who sends it compresses where the fields say so
  std::string resume_after = {};     ///< the id that it goes on behind, if the client has asked for that
  /// A WebSocket of the protocol `coyield.v1`, for this stream alone: who answers 101 says so.
  bool in_protocol = false;
  /// The client cannot read streams: it wants what there is as a whole, and waits so long for the first of
  /// it.
  std::optional<std::chrono::nanoseconds> wait = {};
  /// In the place of the generator, where the stream is shared.
  std::unique_ptr<Subscription> subscription = {};
  /// What the client has asked to be put behind what it gets of the subscription; empty: nothing.
  std::function<generators::AsyncGenerator<generators::Item>(generators::AsyncGenerator<generators::Item>)>
      operators = {};
  /// Where what a WebSocket client sends is published.
  std::unique_ptr<const Publication> publication = {};
};

/// Several streams on one connection, each of which the session asks the handler for. Over a WebSocket they
/// come and go as its messages want (`protocol.hpp`); as an event stream they are those of `places`.
struct Multiplex {
  const StreamOptions* options = nullptr;        ///< of the connection as a whole
  std::unique_ptr<generators::Encoder> encoder;  ///< likewise; writes what is not said of one stream
  std::unique_ptr<Places> places = {};           ///< none: a WebSocket
  Coding coding = Coding::identity;              ///< as in `Pull`
};

/// In the place of a body: another thread answers this request, and the session gives the connection to it.
struct HandOver {};

/// What a handler answers: a value, which the session sends.
struct Response {
  unsigned status = 200;
  const Fields* shared_fields = nullptr;  ///< prepared ones; they live as long as the server
  Fields fields = {};                     ///< of a stream: for whatever is answered in its place, too
  std::variant<std::monostate, std::string, Pull, Publication, Multiplex, HandOver> body = {};
};

/// The standard text of a status code.
std::string_view reason_phrase(unsigned status) noexcept;

/// Appends a problem document (RFC 9457): `{"type", "title", "status", "detail"}`.
void append_problem(unsigned status, std::string_view detail, generators::Buffer& out);

/// A problem document (RFC 9457) as the response: `{"type", "title", "status", "detail"}`. `detail` is for
/// the client to read.
Response problem(unsigned status, std::string_view detail);

/// The status of each kind of failure.
unsigned status_of(generators::FailureKind kind) noexcept;

/// The problem document of a generator that failed before its first item, or of what was not published. It
/// says when to come back, where that is known.
Response problem(const generators::Failure& failure);

}  // namespace coyield::handlers
