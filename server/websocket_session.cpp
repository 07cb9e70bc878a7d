#include <coyield/server/websocket_session.hpp>

#include <coyield/server/response_head.hpp>
#include <coyield/server/websocket/deflate_negotiation.hpp>
#include <coyield/server/websocket_framing.hpp>

namespace coyield::server {

namespace {

using generators::Task;

constexpr std::chrono::seconds close_time(5);
constexpr std::chrono::seconds close_time_draining(1);

/// We have said that we close, and the client has a while to say so too; then the server closes the
/// connection first (RFC 6455, 7.1.1).
Task<void> finish_closing(Stream& stream, WebSocketFraming& framing) {
  Worker& worker = stream.worker();
  Connection& connection = stream.connection();
  const std::chrono::nanoseconds due =
      worker.loop().now() + (worker.draining() ? close_time_draining : close_time);
  while (framing.closing().sent() && !framing.closing().received() && !worker.stopping()) {
    if (!connection.send_unsent()) co_return;
    if (connection.readable() && framing.received() == Inbound::left) co_return;
    if (worker.loop().now() >= due) co_return;
    connection.watch_reading();
    connection.wake_at(due);
    co_await connection.wake().wait();
  }
}

}  // namespace

Task<void> talk_websocket(Stream& stream, RequestReader& reader, handlers::Response response,
                          WebSocketOffer offer) {
  Worker& worker = stream.worker();
  Connection& connection = stream.connection();
  ResponseHead head(worker, response, true);
  head.add("Upgrade", "websocket");
  head.add("Connection", "Upgrade");
  head.add("Sec-WebSocket-Accept", offer.accept_key);
  std::optional<websocket::DeflateParams> deflate;
  if (stream.options().deflate) {
    if (auto agreement = websocket::negotiate_deflate(offer.extensions, websocket::DeflateSettings())) {
      head.add("Sec-WebSocket-Extensions", agreement->answer);
      deflate = agreement->params;
    }
  }
  if (!connection.send(head.take())) co_return;
  WebSocketFraming framing(worker, connection, stream.options(), std::move(offer.inbox), deflate);
  offer = WebSocketOffer();
  response = handlers::Response();
  generators::Buffer kept = reader.take_kept();
  const Inbound first = framing.received({kept.data(), kept.size()});
  kept.release();
  PumpEnd end = PumpEnd::left;
  if (first == Inbound::go_on) {
    auto pumping = pump(stream, framing);
    end = co_await std::move(pumping);
  }
  if (end == PumpEnd::slow) {
    connection.reset();
    co_return;
  }
  auto closing = finish_closing(stream, framing);
  co_await std::move(closing);
}

}  // namespace coyield::server
