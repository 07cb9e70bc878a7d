#include <coyield/server/http/exchange.hpp>

#include <coyield/handlers/fields.hpp>
#include <coyield/handlers/forwarded.hpp>
#include <coyield/server/websocket/handshake.hpp>

namespace coyield::server {

namespace {

std::optional<handlers::Response> refuse_upgrade(const RequestHead& head) {
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
  handlers::Response response = handlers::problem(websocket::status_of(fault), websocket::message_of(fault));
  if (fault == websocket::UpgradeFault::method) response.fields.add("Allow", "GET");
  if (fault == websocket::UpgradeFault::version) response.fields.add("Sec-WebSocket-Version", "13");
  return response;
}

/// RFC 9110, 10.1.1; of HTTP/1.0 it is to be passed over.
bool expects_continue(const RequestHead& head) {
  return head.minor_version == 1 && handlers::list_contains(head.joined("Expect"), "100-continue");
}

/// Where a proxy asks: takes the place of the client that it asks for, or gives the refusal.
std::optional<handlers::Response> take_place(Worker& worker, Connection& connection) {
  if (!connection.proxy()) return std::nullopt;
  const Shared& shared = worker.shared();
  const auto client =
      handlers::forwarded_client(worker.head().joined("X-Forwarded-For"), shared.config.trusted_proxies);
  if (!client) return std::nullopt;
  auto place = shared.addresses.enter(*client);
  if (place) {
    connection.speak_for(config::to_string(*client), std::move(*place));
    return std::nullopt;
  }
  shared.counters.refused_address.add();
  handlers::Response response =
      handlers::problem(503, "your address has all of the " + std::to_string(shared.addresses.most()) +
                                 " requests that it may have under way here");
  response.fields.add("Retry-After", "5");
  return response;
}

}  // namespace

handlers::Response respond_to(Worker& worker, const handlers::Request& request,
                              generators::SourceContext&& context, bool handed_over) {
  std::string error;
  try {
    const Shared& shared = worker.shared();
    return (handed_over ? shared.mounted : shared.handler).handle(request, std::move(context));
  } catch (const std::exception& what) {
    error = what.what();
  } catch (...) {
    error = "not an exception";
  }
  worker.shared().failures.add(request.target, request.client, "error", error);
  worker.shared().log.error("failed",
                            {{"target", request.target}, {"client", request.client}, {"error", error}});
  return handlers::problem(500, "the stream could not be made; the reason is in the server's log");
}

ExchangePtr handle_request(Worker& worker, Connection& connection) {
  const RequestHead& head = worker.head();
  auto exchange = std::make_unique<Exchange>();
  exchange->began = worker.loop().now();
  exchange->head_only = head.method == handlers::Method::head;
  exchange->keep_alive_behind_body = head.keep_alive && !worker.draining() && !connection.handed_over();
  exchange->keep_alive = exchange->keep_alive_behind_body && !head.has_body;
  exchange->body = {.chunked = head.chunked, .bytes = head.content_length};
  exchange->expects_continue = head.has_body && expects_continue(head);
  exchange->minor_version = head.minor_version;
  if (auto refused = take_place(worker, connection)) {
    exchange->response = *std::move(refused);
    return exchange;
  }

  generators::SourceContext context = worker.source_context();
  const bool websocket = websocket::wants_websocket(head.joined("Upgrade")) && !head.has_body;
  if (websocket) {
    if (auto refused = refuse_upgrade(head)) {
      exchange->response = *std::move(refused);
      return exchange;
    }
    exchange->accept_key = websocket::accept_key(head.joined("Sec-WebSocket-Key"));
    exchange->extensions = head.joined("Sec-WebSocket-Extensions");
    exchange->inbox = std::make_shared<Inbox>(connection);
    context.input = Inbox::items(exchange->inbox);
  }
  const handlers::Request request{.method = head.method,
                                  .method_text = head.method_text,
                                  .target = head.target,
                                  .minor_version = head.minor_version,
                                  .websocket = websocket,
                                  .draining = worker.draining(),
                                  .loopback = connection.loopback(),
                                  .fields = head.fields,
                                  .client = connection.peer()};
  exchange->response = respond_to(worker, request, std::move(context), connection.handed_over());
  if (auto* several = std::get_if<handlers::Multiplex>(&exchange->response.body)) {
    exchange->coding = several->coding;
    exchange->several = std::make_unique<Subscriptions>(worker, connection, std::move(*several),
                                                        KeptHead(head), exchange->protocol());
  }
  if (exchange->response.status == 421) worker.shared().counters.refused_host.add();
  return exchange;
}

ExchangePtr refuse_request(const RequestFault& fault) {
  auto exchange = std::make_unique<Exchange>();
  exchange->response = handlers::problem(fault.status, fault.detail);
  return exchange;
}

}  // namespace coyield::server
