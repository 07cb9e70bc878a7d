#pragma once

#include <atomic>
#include <coyield/generators/jq/program.hpp>
#include <coyield/generators/jq/protocol.hpp>

namespace coyield::generators::jq {

/// How far a worker has come, in memory that it shares with the process that has forked it: what is left to
/// know of one that has died.
struct Progress {
  std::atomic<Length> answered = 0;  ///< items of the batch whose answers are written
  std::atomic<Length> at = 0;        ///< the item that it is at
  std::atomic<Length> timeout_ms = 0;
  std::atomic<bool> busy = false;      ///< has a batch
  std::atomic<bool> writing = false;   ///< half of an answer may be written
  std::atomic<bool> too_long = false;  ///< the item has taken longer than it may
};

/// Answers batches until the input ends; gives the exit status. Takes SIGPROF and the timer behind it.
int work(const Program& program, Progress& progress);

}  // namespace coyield::generators::jq
