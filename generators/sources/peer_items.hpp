#pragma once

#include <chrono>
#include <coyield/config/arguments.hpp>
#include <coyield/config/component.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/net/connection.hpp>
#include <string>

namespace coyield::generators {

/// The items of the one that is connected to: `decode` is lines, json or bytes. Ends when it closes; fails
/// where it cannot be reached within `timeout`, and when it breaks off.
AsyncGenerator<Item> items_of_peer(net::Peer peer, std::chrono::nanoseconds timeout, std::string decode,
                                   std::size_t max_item);

/// The descriptions of `decode` and `timeout`.
config::Parameter stream_decode_parameter();
config::Parameter connect_timeout_parameter();

/// That of `max_connections`, for those who listen.
config::Parameter max_connections_parameter();

/// One of `connect` and `listen` has to be there, and only one: `examples` are of both.
void check_connect_or_listen(const config::Arguments& args, const std::string& examples,
                             config::ParameterMistakes& mistakes);

}  // namespace coyield::generators
