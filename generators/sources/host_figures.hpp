#pragma once

#include <array>
#include <chrono>
#include <coyield/generators/buffer.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace coyield::generators {

/// Time of all processors since the start, in ticks of whatever length.
struct ProcessorTime {
  std::uint64_t busy = 0;
  std::uint64_t total = 0;

  bool operator==(const ProcessorTime&) const = default;
};

/// In bytes.
struct Memory {
  std::uint64_t total = 0;
  std::uint64_t available = 0;  ///< what programs can have without swapping, as the kernel estimates it

  bool operator==(const Memory&) const = default;
};

/// The mean number of processes that run or wait to, over 1, 5 and 15 minutes.
using Load = std::array<double, 3>;

/// Bytes since the start, of all interfaces but the loopback.
struct Traffic {
  std::uint64_t received = 0;
  std::uint64_t sent = 0;

  bool operator==(const Traffic&) const = default;
};

// Each reads the text of the file of that name in /proc; nothing where it is not what it should be.
// See proc(5).

/// `stat`. Waiting for a disk counts as idle; a guest's time is in its host's already.
std::optional<ProcessorTime> parse_stat(std::string_view text);
/// `meminfo`.
std::optional<Memory> parse_meminfo(std::string_view text);
/// `loadavg`.
std::optional<Load> parse_loadavg(std::string_view text);
/// `net/dev`.
std::optional<Traffic> parse_net_dev(std::string_view text);

/// What the host counted up to one moment.
struct HostReading {
  ProcessorTime processors;
  Memory memory;
  Load load;
  Traffic traffic;
};

/// Reads them all in `directory`, which is `/proc`. Throws `Failure(unavailable)` with the name of the file
/// that is not there, or not what it should be. The kernel makes the texts as they are read: no disk is
/// waited for.
HostReading read_host(const std::string& directory);

/// Appends the JSON object of two readings that lie `apart`: the figures of the later one, and per second
/// what has been added since the earlier one.
void append_host_figures(Buffer& out, const HostReading& earlier, const HostReading& later,
                         std::chrono::nanoseconds apart);

}  // namespace coyield::generators
