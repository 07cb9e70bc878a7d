#pragma once

#include <chrono>
#include <coyield/generators/file_descriptor.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/task.hpp>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace coyield::generators {

/// How a program has ended.
struct ProgramEnding {
  bool exited = true;  ///< else a signal has ended it
  int code = 0;        ///< its exit status, or the number of the signal

  bool well() const noexcept { return exited && code == 0; }
};

/// `ended with status 3`, `was ended by SIGKILL`.
std::string to_string(const ProgramEnding& ending);

/// What is to be run.
struct ProgramOptions {
  std::vector<std::string> command;  ///< the program, looked for in PATH where it has no slash, and arguments
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< beside that of this process
  bool inherits_environment = true;  ///< that of this process; else it has `environment` alone
  std::string directory = {};        ///< to run in; empty: that of this process
  bool input = false;                ///< whether it has a standard input; else that is /dev/null
  bool errors = true;                ///< whether its standard error can be read; else that is /dev/null
  /// From SIGTERM to SIGKILL, for one that is not wanted any more.
  std::chrono::nanoseconds grace = std::chrono::seconds(5);
};

class Programs;

/// A running program, in a process group of its own. Destroying this is telling it that it is not wanted any
/// more: its group gets SIGTERM, and SIGKILL where it is there after its `grace`; nobody waits for that. A
/// group whose first process has ended by itself is ended likewise.
class Program {
 public:
  Program() noexcept = default;
  Program(Program&& other) noexcept;
  Program& operator=(Program&& other) noexcept;
  ~Program();

  /// The ends of its pipes that are ours: each without blocking, and empty where it has none.
  FileDescriptor input;
  FileDescriptor output;
  FileDescriptor errors;

  int pid() const noexcept { return pid_; }

  /// Waits until its first process has ended. Cancelling ends the wait.
  Task<ProgramEnding> ended(Executor executor);

 private:
  friend class Programs;

  void let_go() noexcept;

  Programs* programs_ = nullptr;
  int pid_ = -1;
  FileDescriptor process_;  // a pidfd
  std::chrono::nanoseconds grace_{};
};

/// The programs that the streams of a server have running. It says how many there may be, and sees to it that
/// those that are not wanted any more end, and that no zombie is left, on a thread of its own: the loops that
/// they were used on may be gone by then.
///
/// It must outlive its programs. The destructor ends those that are left, with one second from SIGTERM to
/// SIGKILL. Any thread may use it. SIGCHLD is not touched, and must not be ignored.
class Programs {
 public:
  explicit Programs(std::size_t most = 256);
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs();

  /// Starts one. Blocks until it has been loaded, which may take a millisecond, or as long as a file system
  /// does. It inherits no descriptor but its three, no signal mask and no ignored signal. Throws
  /// `Failure(unavailable)` where as many run as may, or the system has no more to give, and
  /// `Failure(internal)` where it is not there or cannot be run.
  Program start(const ProgramOptions& options);

  /// How many there are, those included that were told to end and have not yet.
  std::size_t running() const;

 private:
  friend class Program;
  class Reaper;

  std::unique_ptr<Reaper> reaper_;
};

}  // namespace coyield::generators
