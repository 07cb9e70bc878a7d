#pragma once
#include <coyield/config/mistake.hpp>
#include <cstdint>
#include <string_view>

namespace coyield::config {

/// Where a subscriber of a shared stream begins: `latest`, `earliest`, `start`, or `-10`. Gives how many of
/// the newest items come first, or `Share::earliest` for all, or `Share::start_of_source`.
Checked<std::uint64_t> parse_since(std::string_view text);

}  // namespace coyield::config
