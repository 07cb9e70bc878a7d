#include <coyield/server/websocket/session.hpp>

#include <coyield/server/http/response_head.hpp>
#include <coyield/server/publishing/sink.hpp>
#include <coyield/server/websocket/deflate_negotiation.hpp>
#include <coyield/server/websocket/framing.hpp>

namespace coyield::server {

namespace {

using generators::Task;

constexpr std::chrono::seconds close_time(5);
constexpr std::chrono::seconds close_time_draining(1);

/// We have said that we close, and the client has a while to take it and to say so too; then the server
/// closes the connection first (RFC 6455, 7.1.1).
Task<void> finish_closing(Worker& worker, Connection& connection, WebSocketFraming& framing) {
  const std::chrono::nanoseconds due =
      worker.loop().now() + (worker.draining() ? close_time_draining : close_time);
  while (framing.closing().sent() && !worker.stopping()) {
    if (!connection.send_unsent()) co_return;
    // A client that closed amid a busy stream has some of it before it, and our close behind that.
    if (framing.closing().received() && connection.unsent() == 0 && framing.settled()) co_return;
    if (connection.readable() && framing.received() == Inbound::left) co_return;
    if (worker.loop().now() >= due) co_return;
    connection.watch_reading();
    connection.wake_at(due);
    co_await connection.wake().wait();
  }
}

/// Answers the handshake, and gives what the two have agreed on.
std::optional<websocket::DeflateParams> accept(Worker& worker, Connection& connection,
                                               const handlers::StreamOptions& options,
                                               const Exchange& exchange) {
  ResponseHead head(worker, exchange.response, true);
  head.add("Upgrade", "websocket");
  head.add("Connection", "Upgrade");
  head.add("Sec-WebSocket-Accept", exchange.accept_key);
  if (exchange.in_protocol) head.add("Sec-WebSocket-Protocol", handlers::protocol_name);
  std::optional<websocket::DeflateAgreement> agreement;
  if (options.deflate) {
    agreement = websocket::negotiate_deflate(exchange.extensions, websocket::DeflateSettings());
  }
  if (agreement) head.add("Sec-WebSocket-Extensions", agreement->answer);
  connection.send(head.take());
  if (!agreement) return std::nullopt;
  return agreement->params;
}

/// Where what the client says goes; null: nowhere.
std::shared_ptr<MessageSink> sink_of(const Stream& stream, Exchange& exchange) {
  if (exchange.publication) {
    return std::make_shared<PublishingSink>(stream.worker(), stream.connection(),
                                            std::move(exchange.publication));
  }
  if (stream.options().input) return std::move(exchange.inbox);
  return nullptr;
}
std::shared_ptr<MessageSink> sink_of(const Subscriptions& /*stream*/, Exchange& /*exchange*/) {
  return nullptr;  // it receives them itself
}

void set_receiver(WebSocketFraming& /*framing*/, Stream& /*stream*/) {}  // it may have a sink
void set_receiver(WebSocketFraming& framing, Subscriptions& subscriptions) {
  framing.receive_by(&subscriptions);
}

/// The session of a `Stream`, or of `Subscriptions`, which `Owner` owns.
template <class Owner>
Task<Session> talk(Owner stream, generators::Buffer kept, ExchangePtr exchange) {
  Worker& worker = stream->worker();
  Connection& connection = stream->connection();
  const auto deflate = accept(worker, connection, stream->options(), *exchange);
  WebSocketFraming framing(worker, connection, stream->options(), sink_of(*stream, *exchange), deflate);
  exchange.reset();
  set_receiver(framing, *stream);
  PumpEnd end = PumpEnd::left;
  if (framing.received(std::move(kept)) == Inbound::go_on) {
    const Step first = begin_pumping(*stream, framing);
    auto pumping = pump(*stream, framing, first);
    end = co_await std::move(pumping);
    stream->end_as(end);
  }
  framing.receive_by(nullptr);
  stream.reset();  // its work ends here, whatever time the goodbye takes
  if (end == PumpEnd::slow) {
    connection.reset();
    co_return Session();
  }
  auto closing = finish_closing(worker, connection, framing);
  co_await std::move(closing);
  co_return Session();
}

}  // namespace

Task<Session> talk_websocket(generators::Buffer kept, ExchangePtr exchange) {
  if (exchange->in_protocol) {
    exchange->several =
        std::make_unique<Subscriptions>(*std::move(exchange->stream), std::move(exchange->resume_after));
  }
  if (auto several = std::move(exchange->several))
    return talk(std::move(several), std::move(kept), std::move(exchange));
  auto stream = std::move(exchange->stream);
  return talk(std::move(stream), std::move(kept), std::move(exchange));
}

}  // namespace coyield::server
