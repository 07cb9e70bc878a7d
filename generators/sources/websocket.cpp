#include <coyield/generators/failure.hpp>
#include <coyield/generators/net/websocket_client.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/http_question.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using net::websocket::CloseCode;
using net::websocket::Opcode;
using Kind = net::websocket::Event::Kind;

/// What the arguments say.
struct Job {
  net::WebSocketOptions socket;
  std::vector<std::string> first_messages;
  bool forwards;
  AsyncGenerator<Item> input;
};

/// Says to the server what the client says, as fast as it takes it.
class Forwarder {
 public:
  Forwarder(Loop& loop, net::WebSocketClient& socket, AsyncGenerator<Item> input)
      : consumer_(loop, forward(socket, std::move(input))) {
    consumer_.poll();
  }

 private:
  static AsyncGenerator<Item> forward(net::WebSocketClient& socket, AsyncGenerator<Item> input) {
    Buffer payload;
    while (auto item = co_await input.next()) {
      payload.clear();
      item->write_payload(payload);
      socket.send(item->kind() == PayloadKind::bytes ? Opcode::binary : Opcode::text, payload.view());
      co_await socket.sent();
    }
  }

  Consumer<Item> consumer_;
};

std::string code_of(const net::websocket::Event& close) {
  std::string text = std::to_string(static_cast<unsigned>(close.code));
  if (!close.payload.empty()) text += " (" + std::string(close.payload) + ")";
  return text;
}

/// A goodbye that is no end of what there is to be said.
void refuse_early_end(const net::WebSocketClient& socket, const net::websocket::Event& close) {
  if (close.code == CloseCode::normal || close.code == CloseCode::no_status) return;
  const bool busy = close.code == CloseCode::try_again_later || close.code == CloseCode::service_restart;
  const bool useless = close.code == CloseCode::policy_violation || close.code == CloseCode::protocol_error;
  throw Failure(busy ? FailureKind::unavailable : FailureKind::upstream,
                net::to_string(socket.url()) + " has closed with " + code_of(close),
                useless ? Again::useless : Again::may_help);
}

AsyncGenerator<Item> listen(Job job) {
  Loop& loop = co_await this_loop();
  net::WebSocketClient socket(loop);
  co_await socket.open(std::move(job.socket));
  refuse_unless(101, socket.exchange());
  for (const std::string& message : job.first_messages) socket.send(Opcode::text, message);
  std::optional<Forwarder> forwarder;
  if (job.forwards) forwarder.emplace(loop, socket, std::move(job.input));
  for (;;) {
    const net::websocket::Event message = co_await socket.next();
    if (message.kind == Kind::close) {
      refuse_early_end(socket, message);
      co_return;
    }
    Item item;
    const bool is_text = message.kind == Kind::text;
    item.set(is_text ? kind_of_text(message.payload) : PayloadKind::bytes, message.payload);
    co_yield std::move(item);
  }
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  Job job{.socket = {.request = question_of(args, net::websocket_schemes),
                     .protocols = {},
                     .max_message = context.max_item,
                     .ping = args.get<std::chrono::nanoseconds>("ping")},
          .first_messages = {},
          .forwards = args.get<bool>("input"),
          .input = std::move(context.input)};
  if (const auto* protocols = args.find<std::vector<std::string>>("protocols"))
    job.socket.protocols = *protocols;
  if (const auto* send = args.find<nlohmann::json>("send")) {
    for (const auto& message : *send)
      job.first_messages.push_back(message.is_string() ? message.get<std::string>() : message.dump());
  }
  return listen(std::move(job));
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  check_question(args, net::websocket_schemes, mistakes);
  if (const auto* protocols = args.find<std::vector<std::string>>("protocols")) {
    for (const std::string& name : *protocols) {
      if (is_token(name)) continue;
      mistakes.push_back(
          {"protocols", {config::in_quotes(name) + " is no name of a protocol", "give it another"}});
    }
  }
  const auto* send = args.find<nlohmann::json>("send");
  if (send != nullptr && !send->is_array())
    mistakes.push_back({"send", {"is not a list of messages", R"(write [{ "subscribe": "ticks" }])"}});
  return mistakes;
}

std::vector<config::Parameter> parameters() {
  using config::ParameterType;
  std::vector<config::Parameter> all = {
      url_parameter("ws:// or wss://"),
      {.name = "send",
       .type = ParameterType::json,
       .summary =
           "Messages to send first: a list, of which a text is sent as it is, any other value as JSON."},
      {.name = "input",
       .type = ParameterType::boolean,
       .summary = "Whether messages of our WebSocket client are sent there.",
       .default_value = false,
       .request_values = false},
      {.name = "protocols",
       .type = ParameterType::list,
       .summary = "Subprotocols that the server may choose from.",
       .request_values = false},
      {.name = "ping",
       .type = ParameterType::duration,
       .summary =
           "After how long a silence the server is asked whether it is there; as long again, and it is "
           "taken for gone. 0s: never.",
       .default_value = 30s,
       .minimum = 0s,
       .maximum = 24h}};
  for (config::Parameter& one : question_parameters()) all.push_back(std::move(one));
  return all;
}

}  // namespace

Source websocket_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "websocket",
           .summary = "What another server says over a WebSocket.",
           .parameters = parameters(),
           .main = "url",
           .example =
               R"({ "websocket": { "url": "wss://example.com/feed", "send": [{ "subscribe": "ticks" }] } })",
           .details =
               "Each message is an item: a binary one bytes, a text JSON where it is an object or an array, "
               "else text. Ends when the server closes with 1000, or without a code. Anything else is a "
               "failure, which `retry` behind it takes up by connecting again, with the first messages: "
               "1012 and 1013 unavailable, the others upstream, and 1002 and 1008 are not tried again. A "
               "message longer than `max_item` fails the stream.\n"
               "The server's pings are answered while the client takes its items; who holds the stream up "
               "for long may be taken for gone by the server.",
           .reads_input_if = "input",
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
