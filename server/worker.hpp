#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <coyield/config/configuration.hpp>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/cleanup.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/observer.hpp>
#include <coyield/generators/programs.hpp>
#include <coyield/generators/standard_input.hpp>
#include <coyield/handlers/application.hpp>
#include <coyield/handlers/handler.hpp>
#include <coyield/server/connections/arrival.hpp>
#include <coyield/server/connections/connection.hpp>
#include <coyield/server/connections/readiness.hpp>
#include <coyield/server/counters.hpp>
#include <coyield/server/failures.hpp>
#include <coyield/server/http/request_parser.hpp>
#include <coyield/server/log.hpp>
#include <coyield/server/roster.hpp>
#include <coyield/server/shares.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace coyield::server {

struct Session;

/// What the threads of a server share. Beside figures nothing in it changes while they run.
struct Shared {
  const config::ServerConfig& config;
  const handlers::Handler& handler;
  const Log& log;
  generators::BlockingPool& blocking;
  Counters& counters;
  generators::StandardInput& standard_input;
  generators::Programs& programs;
  generators::Cleanup& cleanup;
  AddressLimit& addresses;
  MemoryBudget& memory;
  ShareDirectory& shares;
  const handlers::TopicRules& topics;
  const handlers::Application& application;  ///< for sources that read endpoints
  Failures& failures;
  const handlers::Handler& mounted;  ///< for who was handed over
  /// Gives a client of the admin address to a thread that serves.
  std::function<void(Arrival)> hand_over = {};
};

/// One thread of the server: its `io_context`, its connections, and the buffers that all of them use in turn.
///
/// A connection, its generator and its pump stay on the worker that they began on. Members are for its own
/// thread, except `adopt`, `begin_drain`, `begin_stop`, `begin_relief`, `stop_stream`, `stop_share` and
/// `silent_for`, which are for any.
class Worker {
 public:
  /// `number` is that of its thread; it may run streams of so many endpoints.
  Worker(const Shared& shared, std::size_t number, std::size_t endpoints);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  const Shared& shared() const noexcept { return shared_; }
  asio::io_context& io() noexcept { return io_; }
  generators::Loop& loop() noexcept { return loop_; }
  Roster& roster() noexcept { return roster_; }
  Shares& shares() noexcept { return shares_; }
  /// What sources are started with here; without input.
  generators::SourceContext source_context(std::string resume_after = {});

  /// Runs until `begin_stop`, or until a drain has let all connections go.
  void run();

  /// Serves who has just connected.
  void adopt(Arrival arrival);
  /// Connections, as the acceptor counts them: to find the worker with the fewest.
  std::size_t load() const noexcept { return load_.load(std::memory_order_relaxed); }

  /// Finite streams may end; everybody else is told, and let go.
  void begin_drain();
  /// Everybody is let go at once.
  void begin_stop();
  /// Drops clients if the memory that is held for all is over its limit.
  void begin_relief();
  /// Has the stream of that number on the roster end.
  void stop_stream(std::uint64_t number);
  /// Ends a shared generator that is at home here.
  void stop_share(ShareKey key);
  /// How long it has left a question unanswered, which it answers whenever it has time for anything; each
  /// call is one. A thread whose `run` is over has answered.
  std::chrono::nanoseconds silent_for();
  /// Keeps `run` from ending with its last connection, until as many `release`s.
  void hold() noexcept { ++holds_; }
  void release() {
    --holds_;
    leave_if_done();
  }
  bool draining() const noexcept { return draining_; }
  bool stopping() const noexcept { return stopping_; }

  // Buffers, for use up to the next suspension.

  /// Where items are encoded. Empty, with room for a whole batch.
  generators::Buffer& out() { return cleared(out_); }
  /// Where what was encoded is compressed. Likewise.
  generators::Buffer& compressed() { return cleared(compressed_); }
  /// What was read from a socket.
  std::span<char> in() noexcept { return in_; }
  /// The request that is being handled.
  RequestHead& head() noexcept { return head_; }
  /// The line of the `Date` field, made once a second.
  std::string_view date_line();

 private:
  /// glibc keeps what was freed, in pieces: after a crowd has left, most of it can be given back.
  struct Trim final : generators::Wakeup {
    void woken() override;
    std::size_t left = 0;  // connections that have ended since the last time
  };

  /// What sources have to say to whoever runs the server.
  struct SourceLog final : generators::Observer {
    explicit SourceLog(const Log& to) noexcept : log(to) {}
    void note(std::string_view event, std::initializer_list<Fact> facts) override { log.info(event, facts); }
    const Log& log;
  };

  static generators::Buffer& cleared(generators::Buffer& buffer) {
    if (buffer.capacity() > most_kept) [[unlikely]]
      buffer = generators::Buffer(batch_room);
    buffer.clear();
    return buffer;
  }
  void start(Arrival arrival);
  void run(const ConnectionPtr& connection, Session session);
  void finish(Connection& connection, const std::exception_ptr& error);
  void wake_all();
  void relieve();
  std::size_t drop_worst(std::uint64_t bytes);
  void leave_if_done();

  static constexpr std::size_t batch_room = 80 * 1024;  // a batch, and the item that goes over it
  static constexpr std::size_t most_kept = 1024 * 1024;

  using Connections = boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

  Shared shared_;
  SourceLog source_log_;
  Holdings holdings_;
  Roster roster_;
  Shares shares_;
  std::atomic<std::size_t> load_ = 0;
  std::atomic<std::chrono::nanoseconds> asked_ = std::chrono::nanoseconds::zero();  // 0: it has answered
  std::atomic<bool> over_ = false;
  std::size_t holds_ = 0;
  bool draining_ = false;
  bool stopping_ = false;
  generators::Buffer out_;
  generators::Buffer compressed_;
  std::vector<char> in_;
  RequestHead head_;
  std::string date_line_;
  std::int64_t date_second_ = -1;
  Connections connections_;
  Readiness readiness_;
  Trim trim_;
  asio::io_context io_;  // last: what its end destroys may still use all of the above
  generators::Loop& loop_;
  asio::executor_work_guard<generators::Executor> work_;
};

}  // namespace coyield::server
