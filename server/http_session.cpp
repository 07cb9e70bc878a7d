#include <coyield/server/http_session.hpp>

#include <coyield/server/http_framing.hpp>
#include <coyield/server/pump.hpp>
#include <coyield/server/request_reader.hpp>
#include <coyield/server/response_head.hpp>
#include <coyield/server/websocket/handshake.hpp>
#include <coyield/server/websocket_session.hpp>
#include <coyield/server/worker.hpp>

/// The story of one connection:
///
///     read a request -> Application::handle -> a value comes back, and nothing has run yet
///       text or nothing: send it
///       a stream: wait for its first item, so that a failure can still be a status; then the pump
///       a WebSocket: likewise, then the connection is the WebSocket's
///     and again, while the connection can be kept
namespace coyield::server {

namespace {

using generators::Poll;
using generators::Task;
using handlers::Pull;
using handlers::Response;

/// What becomes of the connection behind a response.
enum class Next : unsigned char {
  keep,    ///< the next request
  linger,  ///< close, but see that what was sent arrives
  close,   ///< close at once
  reset,   ///< cut, so that nobody takes it for an end
};

constexpr std::chrono::seconds linger_time(2);
constexpr std::size_t linger_bytes = 1024 * 1024;

/// The kernel resets a connection that is closed with bytes unread, and what was sent last is lost with it.
/// So they are read, for a while (RFC 9112, 9.6).
Task<void> linger(Worker& worker, Connection& connection) {
  connection.shutdown_sending();
  const std::chrono::nanoseconds due = worker.loop().now() + linger_time;
  std::size_t seen = 0;
  while (seen < linger_bytes && !worker.stopping()) {
    const auto read = connection.read_some(worker.in());
    if (read.status == Connection::ReadStatus::closed) co_return;
    seen += read.size;
    if (read.status == Connection::ReadStatus::bytes) continue;
    if (worker.loop().now() >= due) co_return;
    connection.watch_reading();
    connection.wake_at(due);
    co_await connection.wake().wait();
  }
}

/// What the session must know of the request when its header is gone.
struct Kept {
  bool head_only;
  bool keep_alive;
  unsigned minor_version;
  WebSocketOffer websocket;
};

Kept keep_of(const Worker& worker, const RequestHead& head) {
  return Kept{.head_only = head.method == handlers::Method::head,
              .keep_alive = head.keep_alive && !head.has_body && !worker.draining(),
              .minor_version = head.minor_version,
              .websocket = {}};
}

/// Sends a response whose body is there.
Task<Next> send_whole(Worker& worker, Connection& connection, RequestReader& reader, Response response,
                      Kept kept) {
  const std::string* text = std::get_if<std::string>(&response.body);
  ResponseHead head(worker, response, kept.keep_alive);
  if (response.status != 204) head.add_length(text != nullptr ? text->size() : 0);
  std::string bytes = head.take();
  if (text != nullptr && !kept.head_only) bytes += *text;
  if (!connection.send(bytes)) co_return Next::close;
  auto flushing =
      flush(worker, connection, [&reader] { return reader.read_ahead() ? Inbound::go_on : Inbound::left; });
  const auto end = co_await std::move(flushing);
  if (end) co_return *end == PumpEnd::slow ? Next::reset : Next::close;
  co_return kept.keep_alive ? Next::keep : Next::linger;
}

Next next_behind(PumpEnd end, const Kept& kept) {
  switch (end) {
    case PumpEnd::ended:
      return kept.keep_alive && kept.minor_version == 1 ? Next::keep : Next::linger;
    case PumpEnd::failed:
    case PumpEnd::drained:
      return kept.minor_version == 0 ? Next::reset : Next::linger;
    case PumpEnd::left:
      return Next::close;
    case PumpEnd::slow:
      return Next::reset;
  }
  return Next::close;
}

enum class First : unsigned char { ready, late, left, drained };

/// Holds the status until the generator has shown what it is: an item, an end, a failure, or a silence.
Task<First> await_first(Stream& stream, RequestReader& reader) {
  Worker& worker = stream.worker();
  Connection& connection = stream.connection();
  if (stream.begin() != Poll::pending) co_return First::ready;
  if (stream.options().input) co_return First::late;  // it may well wait for what the client says first
  const std::chrono::nanoseconds due = worker.loop().now() + stream.options().first_item;
  while (stream.consumer().status() == Poll::pending) {
    if (worker.stopping() || (worker.draining() && !stream.options().finite)) co_return First::drained;
    if (worker.loop().now() >= due) co_return First::late;
    connection.watch_reading();
    connection.wake_at(due);
    co_await stream.wait();
    if (connection.readable() && !reader.read_ahead()) co_return First::left;
  }
  co_return First::ready;
}

/// The answer instead of a stream that has failed before its first item, or cannot begin any more.
std::optional<Response> refusal(Stream& stream, First first) {
  if (first == First::drained) {
    Response response = handlers::problem(503, "the server is going away; try again");
    response.fields.add("Retry-After", "1");
    return response;
  }
  if (first == First::ready && stream.consumer().status() == Poll::done) {
    try {
      stream.consumer().item();
    } catch (...) {
      return handlers::problem(stream.failure());
    }
  }
  return std::nullopt;
}

Task<Next> send_stream(Worker& worker, Connection& connection, RequestReader& reader, Response response,
                       Kept kept) {
  Stream stream(worker, connection, std::get<Pull>(std::move(response.body)));
  auto waiting = await_first(stream, reader);
  const First first = co_await std::move(waiting);
  if (first == First::left) co_return Next::close;
  if (auto refused = refusal(stream, first)) {
    refused->fields.add("Vary", "Accept");
    auto sending = send_whole(worker, connection, reader, *std::move(refused), std::move(kept));
    co_return co_await std::move(sending);
  }
  if (response.status == 101) {
    auto talking = talk_websocket(stream, reader, std::move(response), std::move(kept.websocket));
    co_await std::move(talking);
    co_return Next::close;
  }
  const bool chunked = kept.minor_version == 1;
  ResponseHead head(worker, response, kept.keep_alive && chunked);
  if (chunked) head.add("Transfer-Encoding", "chunked");
  HttpFraming framing(reader, head.take(),
                      chunked ? HttpFraming::Transfer::chunked : HttpFraming::Transfer::until_close);
  auto pumping = pump(stream, framing);
  const PumpEnd end = co_await std::move(pumping);
  co_return next_behind(end, kept);
}

std::optional<Response> refuse_upgrade(const RequestHead& head) {
  const std::string upgrade = head.joined("Upgrade");
  const std::string connection = head.joined("Connection");
  const std::string version = head.joined("Sec-WebSocket-Version");
  const std::string key = head.joined("Sec-WebSocket-Key");
  const auto fault = websocket::check_upgrade({.method = head.method_text,
                                               .http_version = 10 + head.minor_version,
                                               .upgrade = upgrade,
                                               .connection = connection,
                                               .version = version,
                                               .key = key});
  if (fault == websocket::UpgradeFault::none) return std::nullopt;
  Response response = handlers::problem(websocket::status_of(fault), websocket::message_of(fault));
  if (fault == websocket::UpgradeFault::version) response.fields.add("Sec-WebSocket-Version", "13");
  return response;
}

struct Handled {
  Response response;
  Kept kept;
};

/// From the header to a response value; the header is not needed behind it.
Handled handle(Worker& worker, Connection& connection) {
  const RequestHead& head = worker.head();
  Handled handled{.response = {}, .kept = keep_of(worker, head)};
  const std::string upgrade = head.joined("Upgrade");
  const bool websocket = websocket::wants_websocket(upgrade) && !head.has_body;
  if (websocket) {
    if (auto refused = refuse_upgrade(head)) {
      handled.response = *std::move(refused);
      return handled;
    }
    handled.kept.websocket.accept_key = websocket::accept_key(head.joined("Sec-WebSocket-Key"));
    handled.kept.websocket.extensions = head.joined("Sec-WebSocket-Extensions");
  }
  const handlers::Request request{.method = head.method,
                                  .method_text = head.method_text,
                                  .target = head.target,
                                  .minor_version = head.minor_version,
                                  .websocket = websocket,
                                  .draining = worker.draining(),
                                  .fields = head.fields,
                                  .client = connection.peer()};
  generators::SourceContext context;
  context.blocking = &worker.shared().blocking;
  context.max_item = worker.shared().config.limits.max_item;
  if (websocket) {
    handled.kept.websocket.inbox = std::make_shared<Inbox>(connection.wake());
    context.input = Inbox::items(handled.kept.websocket.inbox);
  }
  handled.response = worker.shared().application.handle(request, std::move(context));
  return handled;
}

Task<Next> respond(Worker& worker, Connection& connection, RequestReader& reader,
                   RequestReader::Result result) {
  if (const auto* fault = std::get_if<RequestFault>(&result)) {
    const Log& log = worker.shared().log;
    log.debug("refused", {{"client", connection.peer()}, {"reason", fault->detail}});
    Response response = handlers::problem(fault->status, fault->detail);
    Kept kept{.head_only = false, .keep_alive = false, .minor_version = 1, .websocket = {}};
    return send_whole(worker, connection, reader, std::move(response), std::move(kept));
  }
  Handled handled = handle(worker, connection);
  reader.consume();
  const bool stream = std::holds_alternative<Pull>(handled.response.body);
  return (stream ? send_stream : send_whole)(worker, connection, reader, std::move(handled.response),
                                             std::move(handled.kept));
}

}  // namespace

Task<void> serve_connection(Worker& worker, ConnectionPtr connection) {
  RequestReader reader(worker, *connection);
  Next next = Next::keep;
  while (next == Next::keep) {
    auto reading = reader.next();
    RequestReader::Result result = co_await std::move(reading);
    if (std::holds_alternative<RequestReader::NoRequest>(result)) co_return;
    auto responding = respond(worker, *connection, reader, std::move(result));
    next = co_await std::move(responding);
  }
  if (next == Next::reset) connection->reset();
  if (next == Next::linger) {
    auto lingering = linger(worker, *connection);
    co_await std::move(lingering);
  }
}

}  // namespace coyield::server
