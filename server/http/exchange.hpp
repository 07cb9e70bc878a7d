#pragma once

#include <coyield/handlers/response.hpp>
#include <coyield/server/http/request_parser.hpp>
#include <coyield/server/publishing/body_reader.hpp>
#include <coyield/server/stream.hpp>
#include <coyield/server/subscriptions.hpp>
#include <coyield/server/websocket/inbox.hpp>
#include <coyield/server/worker.hpp>
#include <memory>
#include <optional>
#include <string>

namespace coyield::server {

/// What becomes of the connection behind a response.
enum class Next : unsigned char {
  keep,    ///< the next request
  stream,  ///< the stream of the response has begun, and is to be sent
  linger,  ///< close, but see that what was sent arrives
  cut,     ///< likewise, where the response is not whole: what was said last has a moment to be read
  close,   ///< close at once
  reset,   ///< cut, so that nobody takes it for an end
};

/// One request and what is answered, while that is under way.
///
/// It stands on the heap and goes when the header of the response is sent: what thousands of quiet streams
/// hold in their frames is what they need, and no more.
struct Exchange {
  handlers::Response response = {};

  // What the session must know of the request when its header is gone.
  bool head_only = false;
  bool keep_alive = false;
  bool keep_alive_behind_body = false;  ///< the same, once its body has been read
  bool expects_continue = false;        ///< it waits for word that its body is wanted
  BodyLength body = {};
  unsigned minor_version = 1;
  std::chrono::nanoseconds began{};  ///< when the request was there

  // For a WebSocket's handshake.
  std::string accept_key = {};
  std::string extensions = {};
  std::shared_ptr<Inbox> inbox = {};
  /// Where its messages are published.
  std::unique_ptr<const handlers::Publication> publication = {};
  bool in_protocol = false;  ///< of `coyield.v1`

  Protocol protocol() const noexcept {
    if (response.status == 101) return Protocol::websocket;
    return minor_version == 1 ? Protocol::http_1_1 : Protocol::http_1_0;
  }

  /// What the client has is to be told as a whole, behind that id.
  bool long_poll = false;
  std::string resume_after = {};  ///< of a long poll, or a WebSocket of `coyield.v1`
  /// Of the stream, over HTTP.
  handlers::Coding coding = handlers::Coding::identity;
  /// The stream of the response, from when it is pulled.
  std::optional<Stream> stream = {};
  /// In its place, where there are several.
  std::unique_ptr<Subscriptions> several = {};
};

using ExchangePtr = std::unique_ptr<Exchange>;

/// What the application answers to `request`. Never throws but for want of memory: what the factory of an
/// endpoint throws, beside a `Failure`, is for the log alone. `handed_over`: it came to the admin address.
handlers::Response respond_to(Worker& worker, const handlers::Request& request,
                              generators::SourceContext&& context, bool handed_over = false);

/// From the header in `Worker::head()` to a response value, by the application; nothing of it runs yet. The
/// header is not needed afterwards.
ExchangePtr handle_request(Worker& worker, Connection& connection);

/// The answer to what is no request. The connection is not kept behind it.
ExchangePtr refuse_request(const RequestFault& fault);

}  // namespace coyield::server
