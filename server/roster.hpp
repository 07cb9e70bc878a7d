#pragma once

#include <array>
#include <atomic>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <coyield/generators/gauge.hpp>
#include <coyield/generators/trace.hpp>
#include <coyield/handlers/monitor.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/connections/connection.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

/// What runs on a thread, and what it has done, where others can see it.
///
/// The thread writes, once for a batch of items, with plain loads and stores that happen to be atomic:
/// nothing is locked, and no cache line is fought for while nobody looks. Its list of streams has a mutex,
/// taken when a stream begins and ends, and by who looks. So what is seen is never of one instant, and a
/// thread that is stuck in a generator can be looked at like any other.
namespace coyield::server {

using generators::Gauge;
struct Subscriber;

/// What one thread has done for one endpoint.
struct EndpointCounters {
  Gauge<std::uint64_t> started;
  std::array<Gauge<std::uint64_t>, handlers::stream_ends> ended;
  Gauge<std::uint64_t> items;
  Gauge<std::uint64_t> bytes;
  Gauge<std::uint64_t> gaps;
  Gauge<std::uint64_t> restarts;
  Gauge<std::uint64_t> published;
  Gauge<std::uint64_t> published_refused;
  std::array<Gauge<std::uint64_t>, handlers::Histogram::bounds.size() + 1> first_item;
  Gauge<std::uint64_t> first_item_nanoseconds;

  /// How long a client has waited for its first item.
  void add_first_item(std::chrono::nanoseconds waited) noexcept;
  /// Adds all of it to what other threads have done.
  void add_to(handlers::EndpointFigures& figures) const noexcept;
};

enum class Protocol : unsigned char { http_1_0, http_1_1, websocket };

/// What a trace has to say; for any thread, while it stays.
handlers::TraceInfo describe(const generators::Trace& trace);

/// One running stream. 96 bytes, so that ten thousand idle ones stay cheap.
class StreamRecord : public boost::intrusive::list_base_hook<> {
 public:
  StreamRecord(Connection& of, const handlers::StreamOptions& with, const Subscriber* reads,
               generators::TracePtr looked_at, Protocol over, std::uint64_t own_number,
               std::chrono::nanoseconds since) noexcept
      : connection(of),
        options(with),
        subscriber(reads),
        trace(std::move(looked_at)),
        number(own_number),
        started(since),
        protocol(over) {}

  // Fixed.
  Connection& connection;
  const handlers::StreamOptions& options;
  const Subscriber* const subscriber;      ///< of a shared stream; lives longer than this
  const generators::TracePtr trace;        ///< null: nobody looks into its generator
  const std::uint64_t number;              ///< of this thread's streams
  const std::chrono::nanoseconds started;  ///< when its request came, on the steady clock

  // Written by its thread.
  Gauge<std::uint64_t> items;
  Gauge<std::uint64_t> bytes;
  Gauge<std::uint64_t> last_item;  ///< when one was on its way last, on the steady clock; 0: none was
  Gauge<std::uint32_t> unsent;
  std::atomic<handlers::StreamState> state = handlers::StreamState::running;

  const Protocol protocol;

  // For its own thread.
  handlers::StreamEnd end = handlers::StreamEnd::left;
  bool asked_to_stop = false;  ///< its operator wants it to end
};

/// The streams of one thread, and the counters of all endpoints there.
class Roster {
 public:
  /// `thread` is its number, the first part of every id.
  Roster(std::size_t thread, std::size_t endpoints) : thread_(thread), counters_(endpoints) {}

  // On the thread itself.

  struct Removal {
    Roster* roster = nullptr;
    void operator()(StreamRecord* record) const noexcept { roster->remove(record); }
  };
  /// A place in the list; given up, the stream is over, and counted by its `end`.
  using Place = std::unique_ptr<StreamRecord, Removal>;

  Place add(Connection& connection, const handlers::StreamOptions& options, const Subscriber* subscriber,
            generators::TracePtr trace, Protocol protocol, std::chrono::nanoseconds started);
  EndpointCounters& counters(const StreamRecord& record) noexcept { return counters(record.options.number); }
  EndpointCounters& counters(std::size_t endpoint) noexcept { return counters_[endpoint]; }
  /// Asks a stream to end, if it still runs, and wakes its session.
  void stop(std::uint64_t number);

  // On any thread.

  bool has(std::uint64_t number) const;
  void add_streams(std::vector<handlers::StreamInfo>& to) const;
  std::optional<handlers::StreamInfo> stream(std::uint64_t number) const;
  /// Adds what was counted here; `to` has one for each endpoint.
  void add_figures(std::vector<handlers::EndpointFigures>& to) const noexcept;

 private:
  void remove(StreamRecord* record) noexcept;
  handlers::StreamInfo describe(const StreamRecord& record, std::chrono::nanoseconds now) const;

  const std::size_t thread_;
  std::vector<EndpointCounters> counters_;
  std::uint64_t last_number_ = 0;
  mutable std::mutex mutex_;
  boost::intrusive::list<StreamRecord, boost::intrusive::constant_time_size<false>> records_;
};

}  // namespace coyield::server
