#include <coyield/server/http/session.hpp>

#include <coyield/server/http/exchange.hpp>
#include <coyield/server/http/framing.hpp>
#include <coyield/server/http/long_poll.hpp>
#include <coyield/server/http/request_reader.hpp>
#include <coyield/server/http/response_head.hpp>
#include <coyield/server/publishing/session.hpp>
#include <coyield/server/pump.hpp>
#include <coyield/server/websocket/session.hpp>
#include <coyield/server/worker.hpp>

/// The story of one connection:
///
///     read a request -> Application::handle -> a value comes back, and nothing has run yet
///       text or nothing: send it
///       items to be published: read them from the body, and answer what has become of them
///       a stream: wait for its first item, so that a failure can still be a status; send what is ready. If
///       that
///         is not all of it, the next session is the pump, and behind that one like this
///       a WebSocket: likewise, then the connection is the WebSocket's
///       at the admin address, an endpoint: a thread that serves gets the connection
///     and again, while the connection can be kept
namespace coyield::server {

namespace {

using generators::Poll;
using generators::Task;
using handlers::Pull;
using handlers::Response;
using handlers::StreamEnd;

constexpr std::chrono::seconds linger_time(2);
constexpr std::size_t linger_bytes = 1024 * 1024;
/// At where a stream stands, which nobody tells of.
constexpr std::chrono::milliseconds look_again(10);
/// A browser's fetch throws away what a page has not read yet as soon as it learns that a response is broken
/// off, and with it the reason.
constexpr std::chrono::milliseconds time_to_read(150);

/// Reads what the client sends, and throws it away, for so long, or until it has left or sends too much.
Task<void> ignore(Worker& worker, Connection& connection, std::chrono::nanoseconds time) {
  const std::chrono::nanoseconds due = worker.loop().now() + time;
  std::size_t seen = 0;
  while (seen < linger_bytes && !worker.stopping()) {
    if (connection.readable()) {
      const auto read = connection.read_some(worker.in());
      if (read.status == Connection::ReadStatus::closed) co_return;
      seen += read.size;
      continue;
    }
    if (worker.loop().now() >= due) co_return;
    connection.watch_reading();
    connection.wake_at(due);
    co_await connection.wake().wait();
  }
}

/// The kernel resets a connection that is closed with bytes unread, and what was sent last is lost with it.
/// So they are read, for a while (RFC 9112, 9.6).
Task<void> linger(Worker& worker, Connection& connection) {
  connection.shutdown_sending();
  auto ignoring = ignore(worker, connection, linger_time);
  co_await std::move(ignoring);
}

/// Sends a response whose body is there.
Task<Next> send_whole(Worker& worker, Connection& connection, RequestReader& reader, Exchange& exchange) {
  const Response& response = exchange.response;
  const std::string* text = std::get_if<std::string>(&response.body);
  ResponseHead head(worker, response, exchange.keep_alive);
  // What a stream would have of it nobody knows, so that HEAD has none (RFC 9110, 8.6).
  if (text != nullptr) {
    head.add_length(text->size());
  } else if (response.status != 204 && response.status != 304 && !exchange.head_only) {
    head.add_length(0);
  }
  std::string bytes = head.take();
  if (text != nullptr && !exchange.head_only) bytes += *text;
  if (!connection.send(bytes)) co_return Next::close;
  const auto received = [&reader] { return reader.read_ahead() ? Inbound::go_on : Inbound::left; };
  auto flushing = flush(worker, connection, received, [] {}, [] { return false; });
  const auto end = co_await std::move(flushing);
  if (end) co_return *end == PumpEnd::slow ? Next::reset : Next::close;
  co_return exchange.keep_alive ? Next::keep : Next::linger;
}

enum class First : unsigned char { ready, late, left, drained, stopped };

/// Holds the status until the generator has shown what it is: an item, an end, a failure, or a silence. A
/// long poll waits for as long as it wants to, and for something to be told.
Task<First> await_first(Stream& stream, RequestReader& reader,
                        std::optional<std::chrono::nanoseconds> long_poll) {
  Worker& worker = stream.worker();
  Connection& connection = stream.connection();
  if (stream.begin() != Poll::pending && !stream.subscriber()) co_return First::ready;
  if (stream.options().input) co_return First::late;  // it may well wait for what the client says first
  const std::chrono::nanoseconds due = worker.loop().now() + long_poll.value_or(stream.options().first_item);
  if (long_poll) stream.want_position();
  for (;;) {
    const bool under_way = stream.under_way();
    if ((under_way && !long_poll) || stream.status() != Poll::pending) break;
    if (worker.stopping() || (worker.draining() && !stream.options().finite)) co_return First::drained;
    if (stream.asked_to_stop()) co_return First::stopped;
    const std::chrono::nanoseconds now = worker.loop().now();
    // Without a place to go on behind, what comes until it asks again would be lost to it.
    const bool lost = long_poll && stream.position().empty() && now < due + stream.options().first_item;
    if (now >= due && !lost) co_return First::late;
    if (connection.readable() && !reader.read_ahead()) co_return First::left;
    connection.watch_reading();
    connection.wake_at(now < due ? due : now + look_again);
    stream.show_awaited();
    co_await stream.wait();
  }
  co_return First::ready;
}

/// The answer instead of a stream that has failed before its first item, or cannot begin any more.
std::optional<Response> refusal(Stream& stream, First first) {
  if (first == First::stopped) {
    stream.end_as(StreamEnd::stopped);
    return handlers::problem(stopped_by_operator());
  }
  if (first == First::drained) {
    stream.end_as(StreamEnd::drained);
    Response response = handlers::problem(503, "the server is going away; try again");
    response.fields.add("Retry-After", "1");
    return response;
  }
  if (first == First::ready && stream.status() == Poll::done) {
    try {
      stream.rethrow_failure();
    } catch (...) {
      stream.end_as(StreamEnd::refused);
      return handlers::problem(stream.failure());
    }
  }
  return std::nullopt;
}

/// An answer in the place of the stream, which goes; pages of other origins may read it as they could that.
void refuse(Exchange& exchange, Response refused) {
  refused.fields.add("Vary", "Accept").add(exchange.response.fields);
  exchange.response = std::move(refused);
  exchange.stream.reset();
}

/// HTTP/1.0 knows an end from a break by a reset, and a Unix socket has none.
bool ends_unseen(const Connection& connection, const Exchange& exchange, const Pull& pull) noexcept {
  return exchange.minor_version == 0 && connection.is_local() && !pull.options->says_end;
}

/// Runs the stream up to its first item; `keep` says that it may be sent, or that a refusal stands in its
/// place.
Task<Next> begin_stream(Worker& worker, Connection& connection, RequestReader& reader, Exchange& exchange) {
  Pull pull = std::get<Pull>(std::move(exchange.response.body));
  exchange.coding = pull.coding;
  exchange.publication = std::move(pull.publication);
  exchange.in_protocol = pull.in_protocol;
  exchange.long_poll = pull.wait.has_value();
  const auto wait = pull.wait;
  if (exchange.in_protocol || exchange.long_poll) exchange.resume_after = std::move(pull.resume_after);
  if (ends_unseen(connection, exchange, pull)) {
    refuse(exchange, handlers::problem(505,
                                       "over a Unix socket, a stream in HTTP/1.0 cannot show whether it "
                                       "is whole; ask in HTTP/1.1 (nginx: proxy_http_version 1.1), or "
                                       "for ?format=sse or json"));
    co_return Next::keep;
  }
  try {
    exchange.stream.emplace(worker, connection, std::move(pull), exchange.protocol(), exchange.began);
    auto waiting = await_first(*exchange.stream, reader, wait);
    const First first = co_await std::move(waiting);
    if (first == First::left) co_return Next::close;
    if (auto refused = refusal(*exchange.stream, first)) refuse(exchange, *std::move(refused));
  } catch (const generators::Failure& failure) {  // a shared stream that cannot be had
    if (exchange.stream) exchange.stream->end_as(StreamEnd::refused);
    refuse(exchange, handlers::problem(failure));
  }
  co_return Next::keep;
}

/// What is behind the end of a stream that an HTTP response was made of.
Next next_behind(PumpEnd end, bool keep_alive, HttpFraming::Transfer transfer) {
  const bool chunked = transfer == HttpFraming::Transfer::chunked;
  switch (end) {
    case PumpEnd::ended:
      return keep_alive && chunked ? Next::keep : Next::linger;
    case PumpEnd::failed:
    case PumpEnd::stopped:
      return chunked ? Next::cut : Next::reset;
    case PumpEnd::drained:
      return chunked ? Next::linger : Next::reset;
    case PumpEnd::left:
      // It may have closed its sending side only, and still read.
      return chunked ? Next::close : Next::reset;
    case PumpEnd::slow:
      return Next::reset;
    case PumpEnd::refused:
      break;  // which is no end of a stream
  }
  return Next::close;
}

std::string stream_head(Worker& worker, const Response& response, bool keep_alive,
                        HttpFraming::Transfer transfer) {
  ResponseHead head(worker, response, keep_alive);
  if (transfer == HttpFraming::Transfer::chunked) head.add("Transfer-Encoding", "chunked");
  return head.take();
}

/// What a stream over HTTP needs while it is sent, and what is to be known behind its end.
struct HttpStream {
  using Transfer = HttpFraming::Transfer;

  HttpStream(Worker& worker, Connection& connection, RequestReader& reader, const Exchange& exchange)
      : transfer(exchange.minor_version == 1 ? Transfer::chunked : Transfer::until_close),
        keep_alive(exchange.keep_alive && transfer == Transfer::chunked),
        framing(worker, connection, reader, stream_head(worker, exchange.response, keep_alive, transfer),
                transfer, exchange.coding) {}

  Transfer transfer;
  bool keep_alive;
  HttpFraming framing;
};

/// Counts the end of the stream, which goes, and gives what is behind it. `Owner` is that of a `Stream`, or
/// of `Subscriptions`.
template <class Owner>
Next end_stream(Owner& stream, const HttpStream& http, PumpEnd end) {
  stream->end_as(end);
  if (end == PumpEnd::ended && http.transfer == HttpStream::Transfer::until_close)
    stream->connection().cut_on_close(false);
  stream.reset();
  return next_behind(end, http.keep_alive, http.transfer);
}

/// What is done before the connection is closed.
Task<void> end_connection(Worker& worker, Connection& connection, Next next) {
  if (next == Next::reset) connection.reset();
  if (next == Next::cut) {
    auto ignoring = ignore(worker, connection, time_to_read);
    co_await std::move(ignoring);
  }
  if (next != Next::linger && next != Next::cut) co_return;
  auto lingering = linger(worker, connection);
  co_await std::move(lingering);
}

/// The session of a stream of which `first` has been sent.
template <class Owner>
Task<Session> stream_on(Worker& worker, ConnectionPtr connection, RequestReader reader, HttpStream http,
                        Owner stream, Step first) {
  http.framing.read_by(reader);
  auto pumping = pump(*stream, http.framing, first);
  const PumpEnd end = co_await std::move(pumping);
  const Next next = end_stream(stream, http, end);
  if (next == Next::keep) {
    Session requests{serve_connection(worker, std::move(connection), reader.take_kept())};
    co_return std::move(requests);
  }
  auto ending = end_connection(worker, *connection, next);
  co_await std::move(ending);
  co_return Session();
}

/// The response instead of a stream whose first item cannot be said.
Task<Next> send_refusal(Worker& worker, Connection& connection, RequestReader& reader, Exchange& exchange) {
  connection.cut_on_close(false);
  exchange.stream->end_as(StreamEnd::refused);
  refuse(exchange, handlers::problem(exchange.stream->refusal()));
  auto sending = send_whole(worker, connection, reader, exchange);
  co_return co_await std::move(sending);
}

/// Answers one exchange; one with a stream is left to be sent.
Task<Next> respond(Worker& worker, Connection& connection, RequestReader& reader, ExchangePtr& exchange) {
  if (std::holds_alternative<Pull>(exchange->response.body)) {
    auto beginning = begin_stream(worker, connection, reader, *exchange);
    const Next next = co_await std::move(beginning);
    if (next != Next::keep) co_return next;
    if (exchange->stream && exchange->long_poll) {
      exchange->response =
          poll_once(*exchange->stream, std::move(exchange->response), exchange->resume_after);
      exchange->stream.reset();
    }
    if (exchange->stream) co_return Next::stream;
  }
  if (const auto* publication = std::get_if<handlers::Publication>(&exchange->response.body)) {
    const bool lines = publication->as == handlers::PublishedAs::lines;
    auto publishing = lines ? publish_lines(worker, connection, reader, *exchange)
                            : publish_body(worker, connection, reader, *exchange);
    const Next next = co_await std::move(publishing);
    if (next != Next::keep || std::holds_alternative<std::monostate>(exchange->response.body)) co_return next;
  }
  if (exchange->several) co_return Next::stream;
  auto sending = send_whole(worker, connection, reader, *exchange);
  co_return co_await std::move(sending);
}

/// The next exchange; none when the client has left, was silent for too long, or the server goes away, or
/// when another thread has it from here.
Task<ExchangePtr> read_exchange(Worker& worker, Connection& connection, RequestReader& reader) {
  auto reading = reader.next();
  const RequestReader::Result result = co_await std::move(reading);
  if (const auto* fault = std::get_if<RequestFault>(&result)) {
    worker.shared().log.debug("refused", {{"client", connection.peer()}, {"reason", fault->detail}});
    co_return refuse_request(*fault);
  }
  if (std::holds_alternative<RequestReader::NoRequest>(result)) co_return nullptr;
  ExchangePtr exchange = handle_request(worker, connection);
  if (std::holds_alternative<handlers::HandOver>(exchange->response.body)) {
    worker.shared().hand_over(connection.hand_over(reader.take_request()));
    co_return nullptr;
  }
  reader.consume();
  co_return exchange;
}

/// What has become of a stream whose first batch has been sent: it is over, or the next session's. Neither:
/// its first item cannot be said.
struct Begun {
  std::optional<Next> next = {};
  Session session = {};
};

/// `stream` is that of the exchange, and goes, but where it is refused. No coroutine: what this needs is on
/// the stack, and not held between the requests of an idle client.
template <class Owner>
Begun begin_sending(Worker& worker, const ConnectionPtr& connection, RequestReader& reader,
                    const Exchange& exchange, Owner& stream) {
  HttpStream http(worker, *connection, reader, exchange);
  if (http.transfer == HttpStream::Transfer::until_close)
    connection->cut_on_close(true);  // even where this process dies
  const Step first = begin_pumping(*stream, http.framing);
  if (first.refused()) return {};
  const bool sent = first.kind == Step::Kind::over && !first.gone() && connection->unsent() == 0;
  if (sent) return {.next = end_stream(stream, http, first.end)};
  return {.session = {
              stream_on(worker, connection, std::move(reader), std::move(http), std::move(stream), first)}};
}

}  // namespace

Task<Session> serve_connection(Worker& worker, ConnectionPtr connection, generators::Buffer kept) {
  RequestReader reader(worker, *connection, std::move(kept));
  Next next = Next::keep;
  while (next == Next::keep) {
    if (connection->proxy()) connection->speak_for_itself();
    auto reading = read_exchange(worker, *connection, reader);
    ExchangePtr exchange = co_await std::move(reading);
    if (!exchange) co_return Session();
    auto responding = respond(worker, *connection, reader, exchange);
    next = co_await std::move(responding);
    if (next == Next::keep && reader.has_kept()) co_await generators::yield_now();
    if (next != Next::stream) continue;
    if (exchange->response.status == 101) {
      Session websocket{talk_websocket(reader.take_kept(), std::move(exchange))};
      co_return std::move(websocket);
    }
    Begun begun = exchange->several ? begin_sending(worker, connection, reader, *exchange, exchange->several)
                                    : begin_sending(worker, connection, reader, *exchange, exchange->stream);
    if (begun.session.task) co_return std::move(begun.session);
    if (begun.next) {
      next = *begun.next;
    } else {
      auto sending = send_refusal(worker, *connection, reader, *exchange);
      next = co_await std::move(sending);
    }
    if (next == Next::keep && reader.has_kept()) co_await generators::yield_now();
  }
  auto ending = end_connection(worker, *connection, next);
  co_await std::move(ending);
  co_return Session();
}

}  // namespace coyield::server
