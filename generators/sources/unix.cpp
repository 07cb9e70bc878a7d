#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/peer_items.hpp>
#include <coyield/generators/sources/senders.hpp>

namespace coyield::generators {

namespace {

struct Job {
  config::ListenAddress address;
  std::string decode;
  bool datagrams;
  std::size_t most;
  SourceContext context;
};

AsyncGenerator<Item> listen(Job job) {
  ListeningSocket socket(job.address, job.datagrams ? Transport::datagram : Transport::stream);
  AsyncGenerator<Item> items =
      job.datagrams ? datagrams_of_all(std::move(socket), job.decode, std::move(job.context))
                    : items_of_all(std::move(socket), job.decode, job.most, std::move(job.context));
  while (auto item = co_await items.next()) co_yield std::move(*item);
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  const auto& decode = args.get<std::string>("decode");
  if (const auto* connect = args.find<std::string>("connect")) {
    return items_of_peer({.host = {}, .port = {}, .socket = *connect},
                         args.get<std::chrono::nanoseconds>("timeout"), decode, context.max_item);
  }
  Job job{.address = {.kind = config::ListenAddress::Kind::unix_, .path = args.get<std::string>("listen")},
          .decode = decode,
          .datagrams = args.get<bool>("datagrams"),
          .most = static_cast<std::size_t>(args.get<std::int64_t>("max_connections")),
          .context = std::move(context)};
  return listen(std::move(job));
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  const auto* connect = args.find<std::string>("connect");
  check_connect_or_listen(args, R"("connect": "/run/app.sock", or "listen": "/run/log.sock")", mistakes);
  for (const char* name : {"connect", "listen"}) {
    const auto* path = args.find<std::string>(name);
    if (path == nullptr) continue;
    constexpr std::size_t longest = 107;  // of sockaddr_un, less the zero behind it
    if (path->size() > longest || path->find('\0') != std::string::npos)
      mistakes.push_back({name, {"no socket can have such a path", "write one of at most 107 bytes"}});
    if (path->starts_with('/')) continue;
    mistakes.push_back({name, {config::in_quotes(*path) + " is no absolute path", "begin it with a slash"}});
  }
  const auto* datagrams = args.find<bool>("datagrams");
  if (connect != nullptr && datagrams != nullptr && *datagrams)
    mistakes.push_back({"datagrams", {"are for who listens", "leave it out"}});
  return mistakes;
}

}  // namespace

Source unix_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "unix",
           .summary =
               "What comes over a Unix socket, from one that is connected to, or from all that connect.",
           .parameters = {{.name = "connect",
                           .type = ParameterType::text,
                           .summary = "The socket to connect to.",
                           .request_values = false},
                          {.name = "listen",
                           .type = ParameterType::text,
                           .summary = "The socket to make, which senders connect to.",
                           .request_values = false},
                          {.name = "datagrams",
                           .type = ParameterType::boolean,
                           .summary = "Whether senders send datagrams, an item each, instead of a stream.",
                           .default_value = false,
                           .request_values = false},
                          stream_decode_parameter(),
                          connect_timeout_parameter(),
                          max_connections_parameter()},
           .main = "connect",
           .example = R"({ "unix": { "listen": "/run/coyield/log.sock", "datagrams": true } })",
           .details =
               "As the source `tcp`, with the file system for who may connect. A socket that was left behind "
               "by a program that is gone is replaced, and the one that is made is removed at the end. With "
               "`datagrams`, as syslog's senders do it, each is an item (with `decode` lines: a text, "
               "without "
               "a line feed at its end), and a sender waits where nobody takes them.",
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
