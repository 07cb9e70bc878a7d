#include <coyield/generators/programs.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <coyield/generators/failure.hpp>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

/// A process group is signalled as a whole, by the pidfd of its first process where the kernel can do that
/// (from 6.9 on), since a pidfd cannot mean another process that has the number by then. The first process
/// stays a zombie until its group has been told, so that the number is its own until then; whoever is left in
/// the group after that is looked for a few times a second. On older kernels, a group that becomes empty
/// between two looks and whose number goes to another group within these milliseconds could be mistaken; the
/// numbers are given in turn, and all of them would have to be used in that time.

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr int output_pipe_bytes = 256 * 1024;  // fewer switches between the two; no harm where it is refused
constexpr auto between_looks = 20ms;
constexpr auto grace_at_the_end = 1s;

struct Pipe {
  FileDescriptor reading;
  FileDescriptor writing;
};

[[noreturn]] void throw_no_more(int error) {
  throw Failure(FailureKind::unavailable,
                std::string("the system has no room for another program: ") + std::strerror(error));
}

/// 0, 1 and 2 are free in a process that was started without them, and would be in the way in the child.
FileDescriptor above_the_standard_ones(FileDescriptor descriptor) {
  if (descriptor.get() > STDERR_FILENO) return descriptor;
  FileDescriptor higher(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!higher) throw_no_more(errno);
  return higher;
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw_no_more(errno);
  Pipe pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  return {above_the_standard_ones(std::move(pipe.reading)), above_the_standard_ones(std::move(pipe.writing))};
}

/// It is a description of our own: the child's end keeps blocking.
void set_nonblocking(const FileDescriptor& descriptor) noexcept {
  ::fcntl(descriptor.get(), F_SETFL, ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

/// What is to happen in the child between its birth and its program.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  /// `/dev/null` where `end` is empty.
  void connect(int number, const FileDescriptor& end) {
    if (end) {
      ::posix_spawn_file_actions_adddup2(&actions_, end.get(), number);
    } else {
      const int mode = number == STDIN_FILENO ? O_RDONLY : O_WRONLY;
      ::posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", mode, 0);
    }
  }
  void close_the_rest() { ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1); }
  void change_directory(const std::string& directory) {
    if (!directory.empty()) ::posix_spawn_file_actions_addchdir_np(&actions_, directory.c_str());
  }

  /// The number of the process; 0 and `error` where there is none.
  pid_t run(std::vector<std::string> command, std::vector<std::string> environment, int& error) const {
    const auto pointers = [](std::vector<std::string>& texts) {
      std::vector<char*> all;
      all.reserve(texts.size() + 1);
      for (std::string& text : texts) all.push_back(text.data());
      all.push_back(nullptr);
      return all;
    };
    pid_t pid = 0;
    error = ::posix_spawnp(&pid, command.front().c_str(), &actions_, &attributes_, pointers(command).data(),
                           pointers(environment).data());
    return error == 0 ? pid : 0;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

/// That of this process, unless it is not to be inherited, with the others in place of those of the same
/// name.
std::vector<std::string> environment_of(const ProgramOptions& options) {
  const auto& others = options.environment;
  std::vector<std::string> all;
  for (char** each = options.inherits_environment ? environ : nullptr; each != nullptr && *each != nullptr;
       ++each) {
    const std::string_view entry(*each);
    const bool replaced = std::any_of(others.begin(), others.end(), [entry](const auto& other) {
      return entry.starts_with(other.first) && entry.substr(other.first.size()).starts_with('=');
    });
    if (!replaced) all.emplace_back(entry);
  }
  for (const auto& [name, value] : others) all.push_back(name + '=' + value);
  return all;
}

[[noreturn]] void throw_not_started(const ProgramOptions& options, int error) {
  if (error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE) throw_no_more(error);
  std::string where = options.directory.empty() ? "" : " in " + options.directory;
  throw Failure(
      FailureKind::internal,
      "the program " + options.command.front() + " cannot be started" + where + ": " + std::strerror(error),
      Again::useless);
}

int open_process(pid_t pid) noexcept { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

/// To all of its group. False where nobody is left there.
bool signal_group(pid_t pid, const FileDescriptor& process, int signal) noexcept {
  constexpr unsigned whole_group = 1U << 2;  // PIDFD_SIGNAL_PROCESS_GROUP
  const auto sent = ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, whole_group);
  if (sent == 0) return true;
  if (errno == EINVAL || errno == ENOSYS) return ::kill(-pid, signal) == 0 || errno == EPERM;
  return errno == EPERM;
}

/// How a process has ended, if it has. `options` of waitid say whether it stays a zombie.
std::optional<ProgramEnding> ending_of(const FileDescriptor& process, int options) noexcept {
  siginfo_t info = {};
  int result = 0;
  do {
    result = ::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(process.get()), &info,
                      WEXITED | WNOHANG | options);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return ProgramEnding{};  // somebody else has reaped it: all that is known is that it ended
  if (info.si_pid == 0) return std::nullopt;
  return ProgramEnding{info.si_code == CLD_EXITED, info.si_status};
}

}  // namespace

std::string to_string(const ProgramEnding& ending) {
  if (ending.exited) return "ended with status " + std::to_string(ending.code);
  const char* const name = ::sigabbrev_np(ending.code);
  return "was ended by " +
         (name != nullptr ? "SIG" + std::string(name) : "the signal " + std::to_string(ending.code));
}

/// Ends programs that are not wanted any more, and reaps them.
class Programs::Reaper {
 public:
  explicit Reaper(std::size_t most) : most_(most), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  Reaper(const Reaper&) = delete;
  Reaper& operator=(const Reaper&) = delete;
  ~Reaper() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake();
    if (thread_.joinable()) thread_.join();
  }

  /// A place for one more program, to be given back, or to be filled by `take`.
  void reserve() {
    {
      const std::lock_guard lock(mutex_);
      if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
    }
    if (running_.fetch_add(1) >= most_) {
      running_.fetch_sub(1);
      throw Failure(FailureKind::unavailable,
                    "as many programs run as may, which is " + std::to_string(most_));
    }
  }
  void give_back() noexcept { running_.fetch_sub(1); }
  std::size_t running() const noexcept { return running_.load(); }

  void take(pid_t pid, FileDescriptor process, std::chrono::nanoseconds grace) {
    {
      const std::lock_guard lock(mutex_);
      arrived_.push_back({pid, std::move(process), grace, {}});
    }
    wake();
  }

 private:
  struct Unwanted {
    pid_t pid;
    FileDescriptor process;
    std::chrono::nanoseconds grace;
    SteadyTime due;  // for SIGKILL; behind that, for giving up
    bool reaped = false;
    bool killed = false;
  };

  void wake() const noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_.get(), &one, sizeof one);
  }
  /// Whether to go on.
  bool receive() {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t read = ::read(wake_.get(), &count, sizeof count);
    const std::lock_guard lock(mutex_);
    for (Unwanted& each : arrived_) {
      signal_group(each.pid, each.process, SIGTERM);
      signal_group(each.pid, each.process, SIGCONT);  // one that was stopped would never see it
      each.due = std::chrono::steady_clock::now() + each.grace;
    }
    unwanted_.splice(unwanted_.end(), arrived_);
    if (!stopping_) return true;
    const SteadyTime latest = std::chrono::steady_clock::now() + grace_at_the_end;
    if (!std::exchange(hurried_, true))
      for (Unwanted& each : unwanted_) each.due = std::min(each.due, latest);
    return !unwanted_.empty();
  }

  void run() {
    while (receive()) {
      wait();
      const SteadyTime now = std::chrono::steady_clock::now();
      for (auto each = unwanted_.begin(); each != unwanted_.end();) {
        if (!settled(*each, now)) {
          ++each;
          continue;
        }
        each = unwanted_.erase(each);
        give_back();
      }
    }
  }

  void wait() const {
    std::vector<pollfd> watched = {{wake_.get(), POLLIN, 0}};
    SteadyTime until = SteadyTime::max();
    for (const Unwanted& each : unwanted_) {
      if (!each.reaped) watched.push_back({each.process.get(), POLLIN, 0});
      const SteadyTime look = std::chrono::steady_clock::now() + between_looks;
      until = std::min(until, each.reaped ? std::min(look, each.due) : each.due);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    const auto most = std::chrono::milliseconds(1h).count();
    const auto timeout =
        unwanted_.empty() ? -1 : static_cast<int>(std::clamp<long long>(left.count(), 0, most));
    ::poll(watched.data(), watched.size(), timeout);
  }

  /// Whether nothing is left of it, or nothing more can be done.
  bool settled(Unwanted& program, SteadyTime now) const {
    if (!program.reaped && ending_of(program.process, 0)) program.reaped = true;
    if (program.reaped) {
      if (program.killed || !signal_group(program.pid, program.process, 0)) return true;
      if (now < program.due) return false;
      signal_group(program.pid, program.process, SIGKILL);
      return true;
    }
    if (now < program.due) return false;
    const bool again = std::exchange(program.killed, true);
    signal_group(program.pid, program.process, SIGKILL);
    program.due = now + grace_at_the_end;
    return again && hurried_;  // it hangs in the kernel, or is another user's by now
  }

  const std::size_t most_;
  std::atomic<std::size_t> running_ = 0;
  FileDescriptor wake_;
  std::mutex mutex_;
  std::list<Unwanted> arrived_;
  bool stopping_ = false;
  std::thread thread_;
  // What follows belongs to the thread.
  std::list<Unwanted> unwanted_;
  bool hurried_ = false;
};

Program::Program(Program&& other) noexcept
    : input(std::move(other.input)),
      output(std::move(other.output)),
      errors(std::move(other.errors)),
      programs_(std::exchange(other.programs_, nullptr)),
      pid_(other.pid_),
      process_(std::move(other.process_)),
      grace_(other.grace_) {}

Program& Program::operator=(Program&& other) noexcept {
  if (this == &other) return *this;
  let_go();
  input = std::move(other.input);
  output = std::move(other.output);
  errors = std::move(other.errors);
  programs_ = std::exchange(other.programs_, nullptr);
  pid_ = other.pid_;
  process_ = std::move(other.process_);
  grace_ = other.grace_;
  return *this;
}

Program::~Program() { let_go(); }

void Program::let_go() noexcept {
  if (programs_ != nullptr) programs_->reaper_->take(pid_, std::move(process_), grace_);
  programs_ = nullptr;
}

Task<ProgramEnding> Program::ended(Executor executor) {
  // Another one, since this one is needed at the end, when the loop may be gone.
  asio::posix::stream_descriptor readable(executor, ::fcntl(process_.get(), F_DUPFD_CLOEXEC, 0));
  for (;;) {
    const auto ending = ending_of(process_, WNOWAIT);
    if (ending) co_return *ending;
    co_await readable.async_wait(asio::posix::descriptor_base::wait_read, asio::deferred);
  }
}

Programs::Programs(std::size_t most) : reaper_(std::make_unique<Reaper>(most)) {}
Programs::~Programs() = default;

std::size_t Programs::running() const { return reaper_->running(); }

Program Programs::start(const ProgramOptions& options) {
  Pipe input = options.input ? make_pipe() : Pipe();
  Pipe output = make_pipe();
  Pipe errors = options.errors ? make_pipe() : Pipe();
  ::fcntl(output.reading.get(), F_SETPIPE_SZ, output_pipe_bytes);

  SpawnPlan plan;
  plan.connect(STDIN_FILENO, input.reading);
  plan.connect(STDOUT_FILENO, output.writing);
  plan.connect(STDERR_FILENO, errors.writing);
  plan.close_the_rest();
  plan.change_directory(options.directory);

  reaper_->reserve();
  int error = 0;
  Program program;
  program.pid_ = plan.run(options.command, environment_of(options), error);
  if (program.pid_ == 0) {
    reaper_->give_back();
    throw_not_started(options, error);
  }
  program.process_ = FileDescriptor(open_process(program.pid_));
  if (!program.process_) {
    error = errno;
    ::kill(-program.pid_, SIGKILL);
    ::waitpid(program.pid_, nullptr, 0);
    reaper_->give_back();
    throw_no_more(error);
  }
  program.programs_ = this;
  program.grace_ = options.grace;
  program.input = std::move(input.writing);
  program.output = std::move(output.reading);
  program.errors = std::move(errors.reading);
  for (const FileDescriptor* end : {&program.input, &program.output, &program.errors})
    if (*end) set_nonblocking(*end);
  return program;
}

}  // namespace coyield::generators
