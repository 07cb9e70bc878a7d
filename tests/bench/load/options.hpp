#pragma once
#include <netinet/in.h>
#include <sys/types.h>

#include <cstdint>
#include <string>

namespace coyield::bench {

/// What the load client is asked to do.
enum class Mode {
  ndjson,     ///< endless chunked streams, items counted as lines
  websocket,  ///< endless WebSocket streams, items counted as frames
  bytes,      ///< endless chunked streams of anything, of which the bytes are counted
  shorts,     ///< short streams one after the other on every connection
  idle_ws,    ///< many WebSocket clients that get an item now and then; how late is each?
  file,       ///< one finite stream; ends with it or with the time
  fan,        ///< many who read the same stream; what comes, and how late?
  post,       ///< publishes one item a request, one after the other on every connection
  publish,    ///< publishes lines as fast as they are answered, on every connection in one request
  resume,     ///< goes on far behind, again and again, beside many who are not
  hold,       ///< opens connections, waits, and looks at the server's memory
};

/// The command line: `load MODE HOST:PORT PATH [options]`. Times are in seconds.
struct Options {
  Mode mode = Mode::ndjson;
  std::string mode_name;
  sockaddr_in server{};
  std::string authority;
  std::string path;
  int connections = 1;
  double seconds = 5;
  double warmup = 1;
  double ramp = 0;               ///< the connections are opened evenly over this time
  pid_t pid = 0;                 ///< the server, for its CPU and memory; 0: not looked at
  bool new_connections = false;  ///< `short`: a new connection for each stream
  bool over_websocket =
      false;                 ///< `hold`, `fan`, `file`: WebSocket instead of HTTP; `resume`: for who resumes
  bool complete = false;     ///< `fan`: the numbers of all items of all connections are looked at
  int readers = 0;           ///< `publish`: so many read what is published
  std::uint64_t behind = 0;  ///< `resume`: items
  std::string feed =
      {};  ///< `fan`, `resume`: where the items are published, `rate` a second; "": they come of themselves
  int silent = 0;                  ///< `fan`: so many of the connections never read
  double rate = 0;                 ///< `fan`: items a second that each ought to get; 0: not known
  std::uint64_t expect_items = 0;  ///< items that a finite stream must have; 0: any
  std::uint64_t max_streams = 100'000'000;
};

/// Reads the command line. Prints the usage and leaves the process with 2 when it is wrong.
Options read_options(int argc, char** argv);

}  // namespace coyield::bench
