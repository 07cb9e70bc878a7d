#pragma once
#include <cstddef>

namespace coyield::config {

/// How often this thread has asked for memory: all of this program's `new` is counted.
std::size_t allocations();

}  // namespace coyield::config
