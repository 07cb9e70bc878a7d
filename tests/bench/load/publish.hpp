#pragma once
#include <cstdint>
#include <string_view>

#include "connection.hpp"
#include "items_to_send.hpp"
#include "options.hpp"

namespace coyield::bench {

/// A request that publishes `items` to `path`, as fast as the server takes them; its response has an answer a
/// line. Throws where one of them is no id.
Plan publishing_plan(const Options& options, std::string_view path, ItemsToSend& items);

/// Publishes `count` items to `path`, and waits for all answers. Throws after a minute.
void publish_items(const Options& options, std::string_view path, std::uint64_t count);

}  // namespace coyield::bench
