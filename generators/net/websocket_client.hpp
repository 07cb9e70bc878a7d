#pragma once

#include <coyield/generators/consumer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/net/http_exchange.hpp>
#include <coyield/generators/net/websocket/close_handshake.hpp>
#include <coyield/generators/net/websocket/decoder.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators::net {

struct WebSocketOptions {
  HttpRequest request;                                       ///< its URL is one with `ws` or `wss`
  std::vector<std::string> protocols = {};                   ///< that the server may choose from
  std::size_t max_message = 1024 * 1024;                     ///< of the server's
  std::chrono::nanoseconds ping = std::chrono::seconds(30);  ///< after so long a silence; 0: never
};

/// One WebSocket (RFC 6455), of which this is the client.
///
///     WebSocketClient socket(loop);
///     co_await socket.open(std::move(options));
///     socket.send(websocket::Opcode::text, R"({"subscribe":"ticks"})");
///     while (auto message = co_await socket.next()) ...      // until the server has said goodbye
///
/// Pings are answered, and sent, while somebody waits in `next`: who does not read for long may be taken for
/// gone. A server that is silent for as long again after a ping is `Failure(upstream)`, and so are one that
/// refuses the upgrade, breaks the protocol, or leaves without a word. Must stay where it is. One coroutine
/// reads, which owns it; cancelling, and destroying it, is as for `Connection`.
class WebSocketClient {
 public:
  explicit WebSocketClient(Loop& loop);
  WebSocketClient(const WebSocketClient&) = delete;
  WebSocketClient& operator=(const WebSocketClient&) = delete;
  ~WebSocketClient();

  /// Until the server has answered: with 101 it is open, otherwise this is of no more use.
  Task<void> open(WebSocketOptions options);

  /// The next message, `text` or `binary`; `close` once the server has said goodbye, with its code and
  /// reason. Valid until the next call.
  Task<websocket::Event> next();

  /// Queues a message; it is sent as soon as those before it are.
  void send(websocket::Opcode opcode, std::string_view payload);
  /// Waits until all that was queued has been given to the system.
  Task<void> sent();

  /// Of the server's answer: the subprotocol that it has chosen; empty: none.
  std::string_view protocol() const noexcept;
  const Url& url() const noexcept { return exchange_.url(); }
  /// For the status of an answer that is no upgrade.
  const HttpExchange& exchange() const noexcept { return exchange_; }

 private:
  class Pinger;

  void check_answer(const std::string& key) const;
  void queue(websocket::Opcode opcode, std::string_view payload);
  Task<void> read();
  static AsyncGenerator<Item> write_all(WebSocketClient& socket);

  Loop& loop_;
  HttpExchange exchange_;
  std::vector<std::string> protocols_;
  std::unique_ptr<websocket::Decoder> decoder_;
  websocket::CloseHandshake closing_;
  std::vector<char> block_;
  std::chrono::nanoseconds ping_{};
  std::unique_ptr<Pinger> pinger_;
  Buffer queued_;
  Event more_;  // is queued
  Event all_sent_;
  bool writing_ = false;
  Consumer<Item> writer_;
};

}  // namespace coyield::generators::net
