#pragma once

#include <array>
#include <chrono>
#include <coyield/generators/loop.hpp>
#include <coyield/server/connections/arrival.hpp>
#include <coyield/server/counters.hpp>
#include <coyield/server/log.hpp>
#include <deque>

namespace coyield::server {

/// Turns clients away for whom there is no place, with a 503, at the price of a few system calls each.
///
/// The kernel resets a connection that is closed with bytes unread, and the 503 would be lost. So the socket
/// is left to the client for a second, or until it closes, but only for the last `most_waiting` of them:
/// in a flood the oldest are closed at once. Nothing is read of the request but to throw it away, and the log
/// has at most one line a second. For the thread of `loop` alone.
class Refusals final : private generators::Wakeup {
 public:
  enum class Reason : unsigned char { all, address };

  Refusals(generators::Loop& loop, const Log& log, Counters& counters) noexcept
      : loop_(loop), log_(log), counters_(counters) {}

  void refuse(Arrival arrival, Reason reason);
  /// Lets all go.
  void stop() noexcept;

 private:
  struct Waiting {
    generators::FileDescriptor descriptor;
    std::chrono::nanoseconds until;
  };

  static constexpr std::size_t most_waiting = 32;

  void woken() override;
  void count(Reason reason, const std::string& peer);
  void write_log();
  void sweep();

  generators::Loop& loop_;
  const Log& log_;
  Counters& counters_;
  std::deque<Waiting> waiting_;
  std::array<std::uint64_t, 2> unlogged_ = {};  // by reason
  std::string last_peer_;
  std::chrono::nanoseconds log_due_{};
};

}  // namespace coyield::server
