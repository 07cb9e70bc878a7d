#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/senders.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> listen(config::ListenAddress address, std::string decode, SourceContext context) {
  ListeningSocket socket(address, Transport::datagram);
  AsyncGenerator<Item> items = datagrams_of_all(std::move(socket), std::move(decode), std::move(context));
  while (auto item = co_await items.next()) co_yield std::move(*item);
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  return listen(config::parse_listen_address(args.get<std::string>("listen")).value(),
                args.get<std::string>("decode"), std::move(context));
}

config::ParameterMistakes check(const config::Arguments& args) {
  const auto* listen = args.find<std::string>("listen");
  if (listen == nullptr) return {};
  const auto address = config::parse_listen_address(*listen);
  if (!address) return {{"listen", address.error()}};
  if (address->kind == config::ListenAddress::Kind::unix_)
    return {{"listen", {"is a Unix socket", R"(write the source "unix", with "datagrams": true)"}}};
  if (address->port == 0) return {{"listen", {"has the port 0, which nobody could find", "write another"}}};
  return {};
}

}  // namespace

Source udp_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "udp",
           .summary = "Datagrams that come over UDP.",
           .parameters = {{.name = "listen",
                           .type = ParameterType::text,
                           .summary = "Where they are sent to: \"127.0.0.1:5140\".",
                           .required = true,
                           .request_values = false},
                          {.name = "decode",
                           .type = ParameterType::choice,
                           .summary = "What a datagram is: a text, JSON, or bytes.",
                           .default_value = "text",
                           .choices = {"text", "json", "bytes"}}},
           .main = "listen",
           .example = R"({ "udp": { "listen": "127.0.0.1:5140", "decode": "json" } })",
           .details =
               "Each datagram is an item; of a text a line feed at its end is cut off. No end. Nobody can "
               "hold back who sends datagrams: those that the system has no room for are lost, and a gap "
               "with their number stands in front of the next one. One that is no JSON where it should be, "
               "or longer than `max_item`, is passed over, with a line in the log. One stream can listen at "
               "an address: share the endpoint. It listens while somebody reads, or always with \"start\": "
               "\"at_once\". Whoever can reach the address can send.",
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
