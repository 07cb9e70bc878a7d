#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/generators/registry.hpp>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace coyield::server {

/// What `coyield run` was told.
struct OfflineRun {
  std::string endpoint = {};                 ///< its pattern, or a path that it answers to, with a query
  std::vector<std::string> parameters = {};  ///< `n=5`, `query.every=1s`
  std::string input = {};     ///< a file of JSON lines in the place of the source; empty: the source
  std::string time = {};      ///< where in them the time is, as the source `replay` has it
  std::string expected = {};  ///< a file of what is to come; empty: it is printed
  std::uint64_t most = 0;     ///< items, and then it is over; 0: any number
};

/// Runs the stream of an endpoint without a server, and prints its items as NDJSON, or compares them: so that
/// a configuration can be tested.
///
/// With `input` time is that of the file: it goes on to the next moment at which anything is due as soon as
/// nothing is left to be done at this one. Nothing is waited for, and every run is the same. Without, what
/// the source waits for takes its time, and only the rest is skipped.
///
/// Gives the exit code: 1 where the stream fails, or is not as it was expected to be; 2 where there is no
/// such endpoint, or a parameter is wrong. Why stands on `complaints`.
int run_offline(const config::Configuration& configuration, const generators::Registry& registry,
                const OfflineRun& run, std::ostream& out, std::ostream& complaints);

}  // namespace coyield::server
