#pragma once
#include <coyield/config/mistake.hpp>
#include <cstdint>
#include <string_view>

namespace coyield::config {

/// Where a subscriber of a shared stream begins: `latest`, `earliest`, or `-10`. Gives how many of the newest
/// items come first: `Share::earliest` for all.
Checked<std::uint64_t> parse_since(std::string_view text);

}  // namespace coyield::config
