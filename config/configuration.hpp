#pragma once
#include <chrono>
#include <coyield/config/component_config.hpp>
#include <coyield/config/listen_address.hpp>
#include <coyield/config/network.hpp>
#include <coyield/config/route_pattern.hpp>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace coyield::config {

/// How much of anything one client may have, in bytes, and how much there may be of what costs the machine.
struct Limits {
  std::uint64_t max_header = 16ull * 1024;
  std::uint64_t max_target = 8ull * 1024;
  std::uint64_t max_message = 64ull * 1024;
  std::uint64_t max_item = 1024ull * 1024;
  unsigned max_connections = 0;              ///< 0: as the descriptors allow
  unsigned max_connections_per_address = 0;  ///< 0: any number
  unsigned max_programs = 256;               ///< that sources run at a time

  bool operator==(const Limits&) const = default;
};

/// How long the server waits for what.
struct Timeouts {
  std::chrono::nanoseconds header = std::chrono::seconds(10);
  std::chrono::nanoseconds idle = std::chrono::seconds(60);
  std::chrono::nanoseconds write = std::chrono::seconds(30);
  std::uint64_t least_rate = 100;  ///< bytes a second
  std::chrono::nanoseconds heartbeat = std::chrono::seconds(15);
  std::chrono::nanoseconds first_item = std::chrono::seconds(1);

  bool operator==(const Timeouts&) const = default;
};

/// The pages that may read from a browser although they come from elsewhere: `https://example.com`, or `*`.
struct Cors {
  std::vector<std::string> origins = {};

  bool operator==(const Cors&) const = default;
};

/// Who may read: anyone, or whoever shows one of the bearer tokens. An empty list lets nobody in.
struct Access {
  std::optional<std::vector<std::string>> tokens = {};

  bool anyone() const { return !tokens; }
  bool operator==(const Access&) const = default;
};

/// Where operators look: health, figures and running streams, apart from what is served.
struct Admin {
  ListenAddress listen = {};
  Access access = {};  ///< to the figures and streams; whether it is well, it says to anyone

  bool operator==(const Admin&) const = default;
};

enum class LogFormat { text, json };
enum class LogLevel { debug, info, warning, error };

struct Log {
  LogFormat format = LogFormat::text;
  LogLevel level = LogLevel::info;

  bool operator==(const Log&) const = default;
};

struct ServerConfig {
  std::vector<ListenAddress> listen = {ListenAddress{}};
  std::optional<Admin> admin = {};  ///< none: nobody can look
  unsigned threads = 0;             ///< 0: as many as this process may use
  std::chrono::nanoseconds drain = std::chrono::seconds(10);
  std::optional<std::vector<std::string>> hosts = {};  ///< in lower case, as `parse_host_pattern` gives them
  Proxies trusted_proxies = {};
  std::optional<std::uint64_t> memory = {};  ///< bytes; 0: no bound; none: as the control group grants
  Limits limits = {};
  Timeouts timeouts = {};
  Cors cors = {};
  bool gzip = true;    ///< for clients that ask for it
  Access access = {};  ///< of endpoints that do not say their own
  Log log = {};

  bool operator==(const ServerConfig&) const = default;
};

/// How far back something reaches: whichever limit is met first. None: any number.
struct Reach {
  std::optional<unsigned> items = {};
  std::optional<std::uint64_t> bytes = {};
  std::optional<std::chrono::nanoseconds> age = {};

  bool operator==(const Reach&) const = default;
};

/// What becomes of a subscriber that is further behind than the queue.
enum class Slow { disconnect, drop_oldest, drop_newest, latest, block };
enum class ShareStart { first_subscriber, at_once };
enum class ShareRestart { never, on_failure, always };

/// One generator for all who ask with the same values.
struct Share {
  Reach replay = {.items = 0};
  Reach queue = {.items = 1024, .bytes = 1024ull * 1024};
  Slow slow = Slow::disconnect;
  ShareStart start = ShareStart::first_subscriber;
  std::optional<std::chrono::nanoseconds> linger = {};  ///< none: 0 s; of a topic: an hour
  ShareRestart restart = ShareRestart::never;
  std::uint64_t since = 0;        ///< so many of the newest items first, as far as `replay` has them
  unsigned max_instances = 1000;  ///< generators at a time, one for each set of values

  static constexpr std::uint64_t earliest = std::numeric_limits<std::uint64_t>::max();
  /// Each from where the source starts: what the others have had already it gets by itself.
  static constexpr std::uint64_t start_of_source = earliest - 1;
  bool operator==(const Share&) const = default;
};

/// So many in any time so long.
struct Rate {
  unsigned items = 1;
  std::chrono::nanoseconds within = std::chrono::seconds(1);

  bool operator==(const Rate&) const = default;
};

/// Who may publish to a topic, and how much.
struct Publish {
  Access access = {};
  std::optional<std::uint64_t> max_item = {};  ///< bytes; none: as any item
  unsigned max_depth = 64;                     ///< of arrays and objects in JSON
  std::optional<Rate> rate = {};               ///< of all who publish to the topic
  std::optional<Rate> client_rate = {};        ///< of each of them

  bool operator==(const Publish&) const = default;
};

/// One endpoint. What is not set holds for the whole server and is found in `ServerConfig`.
struct EndpointConfig {
  RoutePattern pattern;
  Position position = {};
  std::string title = {};
  std::string description = {};
  ComponentConfig source = {};
  std::vector<ComponentConfig> pipeline = {};
  std::optional<Share> share = {};        ///< none: a generator of its own for each client
  std::optional<Publish> publish = {};    ///< none: nobody may
  std::string format = {};                ///< for clients that ask for none; empty: the program's default
  std::vector<std::string> columns = {};  ///< of CSV; empty: what the first item has
  std::vector<std::string> query_operators = {};  ///< names of those that clients may add in their query
  bool finite = false;                            ///< the stream ends by itself and soon
  Access access = {};                             ///< the server's, where the file says none
  std::optional<Cors> cors = {};
  std::optional<std::chrono::nanoseconds> first_item_timeout = {};
  std::optional<std::chrono::nanoseconds> heartbeat = {};
  std::optional<bool> gzip = {};
  bool deflate = false;    ///< permessage-deflate
  bool resumable = false;  ///< its stream can be made to go back behind an id; of endpoints in C++
  bool input = false;      ///< what a client sends by WebSocket reaches the source
  std::optional<std::uint64_t> max_message = {};

  /// What it serves is published, by clients or by the program.
  bool is_topic() const { return !source.empty() && source.component().is_topic; }
  /// Its clients get the items of a topic as they are, and so share the topic itself.
  bool is_plain_topic() const { return is_topic() && pipeline.empty(); }
};

/// What the process was told. Plain data: what its keys mean is said in keys.cpp, once, for people too.
struct Configuration {
  ServerConfig server = {};
  std::vector<EndpointConfig> endpoints = {};  ///< in the order of the file
};

}  // namespace coyield::config
