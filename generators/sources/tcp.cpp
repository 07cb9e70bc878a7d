#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/peer_items.hpp>
#include <coyield/generators/sources/senders.hpp>

namespace coyield::generators {

namespace {

/// `host:port`; none: it is not.
std::optional<net::Peer> peer_named(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  const unsigned long number = std::stoul(std::string(port));
  if (number == 0 || number > 65535) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  return net::Peer{.host = std::string(host), .port = std::string(port)};
}

AsyncGenerator<Item> listen(config::ListenAddress address, std::string decode, std::size_t most,
                            SourceContext context) {
  ListeningSocket socket(address, Transport::stream);
  AsyncGenerator<Item> items = items_of_all(std::move(socket), std::move(decode), most, std::move(context));
  while (auto item = co_await items.next()) co_yield std::move(*item);
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  const auto& decode = args.get<std::string>("decode");
  if (const auto* connect = args.find<std::string>("connect")) {
    net::Peer peer = *peer_named(*connect);
    peer.tls = args.get<bool>("tls");
    if (const auto* authorities = args.find<std::string>("ca")) peer.authorities = *authorities;
    return items_of_peer(std::move(peer), args.get<std::chrono::nanoseconds>("timeout"), decode,
                         context.max_item);
  }
  return listen(config::parse_listen_address(args.get<std::string>("listen")).value(), decode,
                static_cast<std::size_t>(args.get<std::int64_t>("max_connections")), std::move(context));
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  const auto* connect = args.find<std::string>("connect");
  const auto* listen = args.find<std::string>("listen");
  check_connect_or_listen(args, R"("connect": "example.com:5000", or "listen": "127.0.0.1:5000")", mistakes);
  if (connect != nullptr && !peer_named(*connect)) {
    mistakes.push_back({"connect",
                        {config::in_quotes(*connect) + " is no host with a port",
                         R"(write "example.com:5000" or "[::1]:5000")"}});
  }
  if (listen != nullptr) {
    const auto address = config::parse_listen_address(*listen);
    if (!address) mistakes.push_back({"listen", address.error()});
    if (address && address->kind == config::ListenAddress::Kind::unix_)
      mistakes.push_back({"listen", {"is a Unix socket", R"(write the source "unix")"}});
    if (address && address->port == 0 && address->path.empty())
      mistakes.push_back({"listen", {"has the port 0, which nobody could find", "write another"}});
  }
  const auto* tls = args.find<bool>("tls");
  if (listen != nullptr && tls != nullptr && *tls)
    mistakes.push_back({"tls", {"is for who connects", "leave it out"}});
  return mistakes;
}

}  // namespace

Source tcp_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "tcp",
           .summary = "What comes over TCP, from one that is connected to, or from all that connect.",
           .parameters = {{.name = "connect",
                           .type = ParameterType::text,
                           .summary = "Whom to connect to: \"example.com:5000\".",
                           .request_values = false},
                          {.name = "listen",
                           .type = ParameterType::text,
                           .summary = "Where senders connect to: \"127.0.0.1:5000\".",
                           .request_values = false},
                          stream_decode_parameter(),
                          {.name = "tls",
                           .type = ParameterType::boolean,
                           .summary =
                               "Whether to connect with TLS. The certificate has to be good for the host.",
                           .default_value = false,
                           .request_values = false},
                          {.name = "ca",
                           .type = ParameterType::text,
                           .summary =
                               "A file of certificates (PEM) that it may be signed by, instead of those "
                               "that the system trusts.",
                           .request_values = false},
                          connect_timeout_parameter(),
                          max_connections_parameter()},
           .main = "connect",
           .example = R"({ "tcp": { "listen": "127.0.0.1:5140", "decode": "lines" } })",
           .details =
               "With `connect` the stream ends when the other side closes, and fails (upstream) where it "
               "cannot be reached or breaks off; `retry` behind it connects again, and announces a gap.\n"
               "With `listen` the stream has the items of all senders as they come, and no end. A sender "
               "that breaks off, or sends what cannot be decoded, is let go alone, with a line in the log. "
               "One stream can listen at an address: share the endpoint. It listens while somebody reads, "
               "or always with \"start\": \"at_once\". Whoever can reach the address can send: there is no "
               "access control but where it listens.\n"
               "Who does not take the items holds the senders back. A line ends with LF or CR LF; one that "
               "is longer than `max_item` is an error of its sender.",
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
