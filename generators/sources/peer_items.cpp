#include <coyield/generators/sources/peer_items.hpp>

#include <coyield/generators/net/connection_input.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/sources/decoded.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using config::ParameterType;

}  // namespace

AsyncGenerator<Item> items_of_peer(net::Peer peer, std::chrono::nanoseconds timeout, std::string decode,
                                   std::size_t max_item) {
  Loop& loop = co_await this_loop();
  auto connection = std::make_unique<net::Connection>(loop);
  connection->within(timeout);
  co_await connection->open(std::move(peer));
  connection->at_leisure();
  net::ConnectionInput input(std::move(connection));
  AsyncGenerator<Item> items = decoded(std::move(input), decode, max_item);
  while (auto item = co_await items.next()) co_yield std::move(*item);
}

config::Parameter stream_decode_parameter() {
  return {
      .name = "decode",
      .type = ParameterType::choice,
      .summary = "What an item is: each line as a text, each line as JSON, or whatever bytes come together.",
      .default_value = "lines",
      .choices = {"lines", "json", "bytes"}};
}

config::Parameter connect_timeout_parameter() {
  return {.name = "timeout",
          .type = ParameterType::duration,
          .summary = "How long connecting may take.",
          .default_value = 30s,
          .minimum = 1ms,
          .maximum = 1h};
}

config::Parameter max_connections_parameter() {
  return {.name = "max_connections",
          .type = ParameterType::integer,
          .summary = "How many may be connected at a time, where it listens; the others wait.",
          .default_value = 100,
          .minimum = 2,
          .maximum = 10000,
          .request_values = false};
}

void check_connect_or_listen(const config::Arguments& args, const std::string& examples,
                             config::ParameterMistakes& mistakes) {
  const bool connects = args.find<std::string>("connect") != nullptr;
  const bool listens = args.find<std::string>("listen") != nullptr;
  if (connects != listens) return;
  mistakes.push_back({connects ? "listen" : "connect",
                      {connects ? "cannot be beside \"connect\"" : "is missing, and so is \"listen\"",
                       "write one of them: " + examples}});
}

}  // namespace coyield::generators
