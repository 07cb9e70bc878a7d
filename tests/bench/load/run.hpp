#pragma once
#include <chrono>
#include <memory>
#include <vector>

#include "connection.hpp"
#include "options.hpp"
#include "report.hpp"
#include "server_probe.hpp"

namespace coyield::bench {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start);

/// What the measured part of a run began with, to take differences from.
class Window {
 public:
  explicit Window(const ServerProbe& server);
  /// Adds `seconds`, `server_cpu_s` and `client_cpu_s`; a client that is busy all the time is itself the
  /// limit.
  void report(Report& report) const;
  double seconds() const { return seconds_since(start_); }
  double server_cpu() const { return server_.cpu_seconds() - server_cpu_; }

 private:
  const ServerProbe& server_;
  Clock::time_point start_ = Clock::now();
  double server_cpu_;
  double own_cpu_;
};

/// The connections of a run and the loop that serves them, on one thread.
class Crowd {
 public:
  Crowd(const Plan& plan, int size);

  /// Opens those that are due when all are to be open after `ramp` seconds.
  void open_due(double ramp);
  bool all_open() const { return opened_ == connections_.size(); }
  bool all_answered() const;
  /// One turn of the loop. `after(connection)` is called for each that was served.
  template <typename After>
  void turn(After&& after) {
    poller_.wait(std::chrono::milliseconds(all_open() ? 100 : 1), [&](void* who) {
      auto& connection = *static_cast<Connection*>(who);
      connection.on_ready(buffer_.data(), buffer_.size());
      after(connection);
    });
  }
  void turn() {
    turn([](Connection&) {});
  }
  /// Turns until all have got the head of their response. Throws after 60 s.
  void open_all(double ramp);
  void turn_for(double seconds);
  /// One more with a plan of its own, which is opened at once. All others are open.
  Connection& add(const Plan& plan);
  void remove_last();

  std::vector<std::unique_ptr<Connection>>& connections() { return connections_; }
  std::uint64_t items() const;

 private:
  Poller poller_;
  std::vector<char> buffer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t opened_ = 0;
  Clock::time_point start_ = Clock::now();
};

/// Items and bytes of every connection since it was made.
class Tally {
 public:
  explicit Tally(Crowd& crowd);
  /// Adds `items`, `bytes`, their rates, and the least and most items of a connection.
  void report(Report& report, double seconds) const;

 private:
  std::vector<std::unique_ptr<Connection>>& connections_;
  std::vector<std::uint64_t> items_;
  std::uint64_t bytes_ = 0;
};

// The modes.
void run_streams(const Options& options, Report& report);
void run_file(const Options& options, Report& report);
void run_shorts(const Options& options, Report& report);
void run_idle_websockets(const Options& options, Report& report);
void run_hold(const Options& options, Report& report);
void run_fan(const Options& options, Report& report);
void run_posts(const Options& options, Report& report);
void run_publish(const Options& options, Report& report);
void run_resume(const Options& options, Report& report);

}  // namespace coyield::bench
