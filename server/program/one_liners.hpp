#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace coyield::server {

/// Commands that serve without a configuration file, since they are one: what they put together is loaded as
/// a file would be, and checked as one.

/// What `coyield tail` was told.
struct TailOptions {
  std::vector<std::string> files = {};
  std::string start = {};   ///< where a client begins that does not say: as the source `file` has it
  std::string decode = {};  ///< likewise
};

/// How one stream for all is shared.
struct SharedOptions {
  unsigned replay = 0;    ///< items, for who comes later
  std::string slow = {};  ///< as `share` has it
};

/// What `coyield pipe` was told.
struct PipeOptions {
  std::string decode = {};  ///< as the source `stdin` has it
  SharedOptions shared = {};
};

/// What `coyield exec` was told.
struct ExecOptions {
  std::vector<std::string> command = {};
  std::string decode = {};  ///< as the source `exec` has it
  bool per_client = false;  ///< a program for each client, instead of one for all
  bool input = false;       ///< whether it gets what its client sends
  SharedOptions shared = {};
};

/// A served file: its path on disk and the one to ask for.
struct TailEndpoint {
  std::string file;
  std::string path;
};

/// Where each file is served: `/app.log` for `/var/log/app.log`, and `/app.log-2` for the next of that name.
/// What would have to be escaped in a URL becomes `_`, but for letters beyond ASCII. The names are UTF-8.
std::vector<TailEndpoint> tail_endpoints(const std::vector<std::string>& files);

/// The path as a URL has it: `/caf%C3%A9.log`.
std::string url_path(const TailEndpoint& endpoint);

/// The configuration: each file followed, at its endpoint, by one reader for all who are at its end.
nlohmann::json tail_configuration(const TailOptions& options);

/// The configuration: the standard input, read at once and shared, at `/`.
nlohmann::json pipe_configuration(const PipeOptions& options);

/// The configuration: a program at `/`, which runs while somebody reads.
nlohmann::json exec_configuration(const ExecOptions& options);

/// The command as a person would type it: `grep 'a b' log`. The texts are UTF-8, or not.
std::string command_line_of(const std::vector<std::string>& command);

}  // namespace coyield::server
