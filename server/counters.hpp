#pragma once

#include <atomic>
#include <cstdint>

namespace coyield::server {

/// One figure that only grows. Any thread may add to it and read it; nothing is ordered by it.
class Counter {
 public:
  void add(std::uint64_t count = 1) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

/// Whom the server has turned away or dropped since it began, for whatever shows figures. Everything here
/// happens beside the path of items.
struct Counters {
  // Connections.
  Counter accepted;
  Counter refused_all;      ///< there were `limits.max_connections`
  Counter refused_address;  ///< its address had `limits.max_connections_per_address`; requests through
                            ///< proxies count one by one

  // Requests.
  Counter refused_host;  ///< for a name that the server does not answer to (421)

  // Streams and responses whose client was dropped.
  Counter dropped_slow;    ///< it took nothing, or less than the least rate, for the write time-out
  Counter dropped_memory;  ///< it was among those that held the most when `memory` was used up
};

}  // namespace coyield::server
