#include <coyield/generators/net/websocket_client.hpp>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/net/websocket/key.hpp>
#include <random>

namespace coyield::generators::net {

namespace {

using websocket::CloseCode;
using websocket::Opcode;

constexpr std::size_t block_size = 16 * 1024;
constexpr std::size_t most_queued = 64 * 1024;

[[noreturn]] void fail(const Url& url, const std::string& what, Again again = Again::may_help) {
  throw Failure(FailureKind::upstream, to_string(url) + ": " + what, again);
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace

/// Says something when the server has not for a while.
class WebSocketClient::Pinger final : public Wakeup {
 public:
  explicit Pinger(WebSocketClient& socket) noexcept : socket_(socket) {}

 private:
  void woken() override { socket_.queue(Opcode::ping, {}); }
  WebSocketClient& socket_;
};

WebSocketClient::WebSocketClient(Loop& loop) : loop_(loop), exchange_(loop) {}
WebSocketClient::~WebSocketClient() { writer_.reset(); }

Task<void> WebSocketClient::open(WebSocketOptions options) {
  const std::string key = websocket::make_key();
  HttpRequest request = std::move(options.request);
  request.upgrade = "websocket";
  request.fields.emplace_back("Sec-WebSocket-Key", key);
  request.fields.emplace_back("Sec-WebSocket-Version", "13");
  if (!options.protocols.empty())
    request.fields.emplace_back("Sec-WebSocket-Protocol", joined(options.protocols));
  protocols_ = std::move(options.protocols);
  co_await exchange_.open(std::move(request));
  if (exchange_.head().status != 101) co_return;  // whoever asked says what that means
  check_answer(key);
  exchange_.at_leisure();
  decoder_ = std::make_unique<websocket::Decoder>(
      websocket::Decoder::Options{.role = websocket::Role::client, .max_message = options.max_message});
  block_.resize(block_size);
  ping_ = options.ping;
  if (ping_.count() != 0) pinger_ = std::make_unique<Pinger>(*this);
  writer_ = Consumer<Item>(loop_, write_all(*this));
  writer_.poll();
}

void WebSocketClient::check_answer(const std::string& key) const {
  const HttpHead& head = exchange_.head();
  const std::string* accept = head.find("Sec-WebSocket-Accept");
  const std::string* upgrade = head.find("Upgrade");
  if (upgrade == nullptr || !same_field(*upgrade, "websocket") || accept == nullptr ||
      *accept != websocket::accept_key(key)) {
    fail(url(), "it has not understood that a WebSocket is wanted", Again::useless);
  }
  const std::string chosen(protocol());
  const bool offered = std::find(protocols_.begin(), protocols_.end(), chosen) != protocols_.end();
  if (!chosen.empty() && !offered)
    fail(url(), "it has chosen a subprotocol that was not offered", Again::useless);
  if (head.find("Sec-WebSocket-Extensions") != nullptr)
    fail(url(), "it has chosen an extension that was not offered", Again::useless);
}

std::string_view WebSocketClient::protocol() const noexcept {
  const std::string* field = exchange_.head().find("Sec-WebSocket-Protocol");
  return field == nullptr ? std::string_view() : *field;
}

Task<websocket::Event> WebSocketClient::next() {
  for (;;) {
    const websocket::Event event = decoder_->next();
    switch (event.kind) {
      case websocket::Event::Kind::text:
      case websocket::Event::Kind::binary:
        co_return event;
      case websocket::Event::Kind::close: {
        const auto echo = closing_.receive(event.code);
        if (echo) {
          queue(Opcode::close, websocket::ClosePayload(*echo).view());
          co_await sent();
        }
        co_return event;
      }
      case websocket::Event::Kind::ping:
        if (closing_.may_send()) queue(Opcode::pong, event.payload);
        if (queued_.size() > most_queued) {  // it pings, and does not read
          if (pinger_) exchange_.within(2 * ping_);
          co_await sent();
          if (pinger_) exchange_.at_leisure();
        }
        break;
      case websocket::Event::Kind::pong:
        break;
      case websocket::Event::Kind::error: {
        const std::string why(event.payload);
        if (closing_.send()) queue(Opcode::close, websocket::ClosePayload(event.code, why).view());
        co_await sent();
        fail(url(), "it has broken the protocol: " + why);
      }
      case websocket::Event::Kind::none:
        co_await read();
        break;
    }
  }
}

Task<void> WebSocketClient::read() {
  for (;;) {
    const auto n = exchange_.read_now(block_);
    if (n == 0) fail(url(), "it has left without a word");
    if (n) {
      decoder_->feed(std::span(block_).first(*n));
      co_return;
    }
    if (pinger_) {
      loop_.after(ping_, *pinger_);
      exchange_.within(2 * ping_);
    }
    co_await exchange_.more();
    if (pinger_) {
      pinger_->cancel();
      exchange_.at_leisure();
    }
  }
}

void WebSocketClient::send(Opcode opcode, std::string_view payload) {
  if (closing_.may_send()) queue(opcode, payload);
}

void WebSocketClient::queue(Opcode opcode, std::string_view payload) {
  websocket::append_masked_frame(queued_, opcode, payload, std::random_device()());
  more_.set();
}

Task<void> WebSocketClient::sent() {
  while (writing_ || !queued_.empty()) {
    if (writer_.status() == Poll::done) co_return;  // what cannot be written shows itself in reading
    co_await all_sent_.wait();
  }
}

/// Yields nothing: it is there to run beside whoever reads.
AsyncGenerator<Item> WebSocketClient::write_all(WebSocketClient& socket) {
  for (;;) {
    while (socket.queued_.empty()) {
      socket.all_sent_.set();
      co_await socket.more_.wait();
    }
    const Buffer bytes = std::move(socket.queued_);
    socket.writing_ = true;
    try {
      co_await socket.exchange_.write(bytes.view());
    } catch (...) {
      socket.writing_ = false;
      socket.all_sent_.set();
      throw;
    }
    socket.writing_ = false;
  }
}

}  // namespace coyield::generators::net
