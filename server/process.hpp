#pragma once

#include <coyield/handlers/monitor.hpp>
#include <cstdint>

namespace coyield::server {

/// The processors that this process may use: its affinity, and what its control group grants (cgroup v2
/// `cpu.max`), rounded up. At least 1.
unsigned usable_processors();

/// The memory that the control group of this process grants it (`memory.max`, or `memory.limit_in_bytes` of
/// version 1), in bytes; 0: it is not limited.
std::uint64_t granted_memory();

/// Raises the number of descriptors that this process may have to what it is allowed to raise it to, and
/// gives that.
unsigned raise_descriptor_limit() noexcept;

/// What the system says of this process. Reads a few files of /proc; counting descriptors takes a millisecond
/// where there are ten thousand.
handlers::ProcessFigures process_figures();

}  // namespace coyield::server
