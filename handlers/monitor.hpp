#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coyield::handlers {

/// How a stream came to its end, for figures.
enum class StreamEnd : unsigned char {
  ended,    ///< its generator returned
  failed,   ///< its generator threw, and the client could tell
  refused,  ///< it failed before its first item: the answer was a status that says so
  left,     ///< the client went, or broke the rules
  slow,     ///< the client took too little, and was dropped
  drained,  ///< the server went away
  stopped,  ///< an operator stopped it
};
inline constexpr std::size_t stream_ends = 7;
std::string_view to_string(StreamEnd end) noexcept;

/// What a stream is waiting for.
enum class StreamState : unsigned char {
  running,    ///< nothing: its generator is at work
  client,     ///< the client, to take what was sent
  timer,      ///< its generator, for a time
  operation,  ///< its generator, for input or output
  event,      ///< its generator, for something else in this process
};

/// How far a subscriber of a shared stream is behind.
struct Lag {
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds time = {};  ///< since it had everything
};

/// What has gone through the components of a generator.
struct TraceInfo {
  struct Stage {
    std::string name = {};
    std::uint64_t items = 0;  ///< that it has given
  };
  std::vector<Stage> stages = {};  ///< the source first; none: it is no pipeline of the configuration
  std::string awaits_in = {};      ///< which one it waited in when it had to wait last; empty: it has not
  std::uint64_t restarts = 0;      ///< of its source, and of all of it where it is shared
  std::string last_error = {};     ///< behind which it was started again; empty: none
};

/// One running stream, as it was a moment ago.
struct StreamInfo {
  std::string id = {};
  std::string endpoint = {};  ///< its pattern
  std::string client = {};    ///< address and port
  std::string format = {};
  std::string protocol = {};  ///< `HTTP/1.1`, `HTTP/1.0`, `WebSocket`
  std::chrono::nanoseconds age = {};
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;   ///< encoded, with the protocol's framing
  std::uint64_t unsent = 0;  ///< of them, what the client's socket has not taken
  StreamState state = StreamState::running;
  std::optional<Lag> behind = {};                          ///< of a shared stream
  std::optional<std::chrono::nanoseconds> last_item = {};  ///< how long ago it was on its way
  TraceInfo trace = {};                                    ///< of a generator of its own
};

/// How long something took, how often.
struct Histogram {
  /// The upper bounds of the buckets; one more is for all above.
  static constexpr std::array bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                     0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};
  std::array<std::uint64_t, bounds.size() + 1> counts = {};  ///< of each bucket alone
  double seconds = 0;                                        ///< of all together
};

/// What one endpoint has done since the server began.
struct EndpointFigures {
  std::string endpoint = {};
  std::uint64_t started = 0;
  std::array<std::uint64_t, stream_ends> ended = {};  ///< by StreamEnd
  std::uint64_t items = 0;
  std::uint64_t bytes = 0;
  std::uint64_t gaps = 0;        ///< that subscribers of a shared stream were told of
  std::uint64_t restarts = 0;    ///< of shared generators
  std::uint64_t generators = 0;  ///< shared ones that there are now
  std::uint64_t published = 0;   ///< items that clients have published
  std::uint64_t published_refused = 0;
  Histogram first_item = {};  ///< from the request to the first item on its way

  std::uint64_t running() const noexcept;
};

/// What the system says of the process.
struct ProcessFigures {
  double cpu_seconds = 0;
  double start_time = 0;  ///< seconds since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t most_descriptors = 0;
  std::uint64_t threads = 0;
};

struct Figures {
  std::vector<EndpointFigures> endpoints = {};
  ProcessFigures process = {};
  std::uint64_t connections = 0;  ///< open ones
  std::uint64_t accepted = 0;
  std::uint64_t refused_connections_all = 0;
  std::uint64_t refused_connections_address = 0;
  std::uint64_t refused_requests_host = 0;
  std::uint64_t dropped_slow = 0;
  std::uint64_t dropped_memory = 0;
  double uptime_seconds = 0;
  bool draining = false;
  std::string version = {};
  std::string compiler = {};
};

/// A generator that many share.
struct ShareInfo {
  std::uint64_t id = 0;
  std::string endpoint = {};                                     ///< its pattern
  std::vector<std::pair<std::string, std::string>> values = {};  ///< it was asked for with: `path.n`, `5`
  std::uint64_t items = 0;                                       ///< that it has given
  std::optional<std::chrono::nanoseconds> last_item = {};        ///< how long ago the last of them came
  TraceInfo trace = {};
};

/// A stream that did not come to its end, or a generator that many share.
struct FailureInfo {
  std::uint64_t number = 0;  ///< of all that there were, from 1
  std::chrono::system_clock::time_point time = {};
  std::string endpoint = {};   ///< its pattern
  std::string client = {};     ///< empty: all who shared it
  std::string_view kind = {};  ///< `failed`, `error` (no fault that its author has foreseen), `slow`
  std::string reason = {};     ///< as in the log
};

/// What the admin address shows of a server, and what it can do to it. Any thread may ask; what it gets was
/// true a moment ago.
class Monitor {
 public:
  virtual ~Monitor() = default;

  virtual bool draining() const = 0;
  /// The number of a thread that has not turned to anything new for some seconds, if there is one.
  virtual std::optional<std::size_t> stuck_thread() = 0;
  virtual Figures figures() const = 0;
  /// All that run, by thread, the youngest last.
  virtual std::vector<StreamInfo> streams() const = 0;
  virtual std::optional<StreamInfo> stream(std::string_view id) const = 0;
  virtual std::vector<ShareInfo> shares() const = 0;
  /// Ends a shared generator for all who read it, as soon as its thread turns to it: they are told that it
  /// has failed. False where there is none of that id.
  virtual bool stop_share(std::uint64_t id) = 0;
  /// The last ones, the newest first.
  virtual std::vector<FailureInfo> failures() const = 0;
  /// Where it serves, with the ports that were picked.
  virtual std::vector<std::string> addresses() const = 0;
  /// Has the stream of that id ended as soon as its thread turns to it: its client is told that it has
  /// failed. False where there is none.
  virtual bool stop(std::string_view id) = 0;
};

}  // namespace coyield::handlers
