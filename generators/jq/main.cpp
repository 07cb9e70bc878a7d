/// coyield-jq: runs a program in the language of jq for a server, in a process of its own. See protocol.hpp.
///
/// libjq 1.6 aborts, crashes or never comes back on ordinary items: the date of a time in nanoseconds, an
/// empty text to search for, a slice up to nan. So there are two processes. This one compiles the program,
/// which takes some 30 ms, and forks a worker, which does the rest. When an item kills the worker, this one
/// says so and forks another, in less than a millisecond and with the program compiled.
///
/// A program cannot reach out: there is no environment, nothing can be opened, and what would end the process
/// ends the worker. Both end with the server, whose end of the pipe closes.
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <coyield/generators/jq/input_output.hpp>
#include <coyield/generators/jq/program.hpp>
#include <coyield/generators/jq/protocol.hpp>
#include <coyield/generators/jq/worker.hpp>
#include <cstring>
#include <ctime>
#include <new>
#include <stdexcept>
#include <string>

namespace coyield::generators::jq {

namespace {

constexpr rlim_t most_memory = rlim_t{1} << 30;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

void limit(__rlimit_resource resource, rlim_t most) noexcept {
  const rlimit both = {most, most};
  ::setrlimit(resource, &both);
}

void lock_up() noexcept {
  ::tzset();  // reads a file, the last one
  limit(RLIMIT_CORE, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (sanitized) return;  // a sanitizer opens files and pipes, and has a shadow that is larger
  limit(RLIMIT_NOFILE, STDERR_FILENO + 1);
  limit(RLIMIT_AS, most_memory);
  ::prctl(PR_SET_DUMPABLE, 0);
}

Progress* shared_progress() {
  void* page = ::mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? nullptr : new (page) Progress;
}

std::string cause_of_death(int status, const Progress& progress) {
  if (progress.too_long)
    return "it takes longer than " + std::to_string(progress.timeout_ms.load()) + " ms for this item";
  std::string cause = "it died of this item: ";
  if (!WIFSIGNALED(status)) return cause + "status " + std::to_string(WEXITSTATUS(status));
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return cause + (name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(WTERMSIG(status)));
}

/// Answers in the place of a worker that has died. Where answers have died with it, the items before the one
/// that has killed it are asked for again, alone: then there are none.
bool report_death(int status, const Progress& progress) {
  const Length lost = progress.at - progress.answered;
  if (lost != 0) return write_all(ChunkHead{.bytes = 0, .last = 1, .next = lost}, {});
  const std::string cause = cause_of_death(status, progress);
  const RecordHead record{RecordKind::error, static_cast<Length>(cause.size())};
  std::string records(reinterpret_cast<const char*>(&record), sizeof record);
  records += cause;
  return write_all(ChunkHead{static_cast<Length>(records.size()), 1, 0}, records);
}

/// The signals that this process waits for, and handles nowhere else.
sigset_t awaited_signals() noexcept {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  ::sigaddset(&set, SIGTERM);
  return set;
}

/// Gives how the worker has ended. It is never left behind: nobody else would reap it.
int wait_for(pid_t worker) noexcept {
  const sigset_t awaited = awaited_signals();
  int status = 0;
  while (::waitpid(worker, &status, WNOHANG) == 0)
    if (::sigwaitinfo(&awaited, nullptr) == SIGTERM) ::kill(worker, SIGTERM);
  return status;
}

pid_t fork_worker(const Program& program, Progress& progress) {
  const pid_t supervisor = ::getpid();
  const pid_t worker = ::fork();
  if (worker != 0) return worker;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != supervisor) ::_exit(1);
  const sigset_t awaited = awaited_signals();
  ::sigprocmask(SIG_UNBLOCK, &awaited, nullptr);
  ::_exit(work(program, progress));
}

int supervise(const Program& program, Progress& progress) {
  const sigset_t awaited = awaited_signals();
  ::sigprocmask(SIG_BLOCK, &awaited, nullptr);
  for (;;) {
    const pid_t worker = fork_worker(program, progress);
    if (worker < 0) return 1;
    const int status = wait_for(worker);
    if (!WIFSIGNALED(status) && !progress.busy) return WEXITSTATUS(status);
    // Not of an item: nobody reads any more, or half of an answer has been written, or of a batch been read.
    const bool ended = WIFSIGNALED(status) && (WTERMSIG(status) == SIGPIPE || WTERMSIG(status) == SIGTERM);
    if (ended || progress.writing || !progress.busy) return 1;
    if (!report_death(status, progress)) return 1;
  }
}

int run() {
  std::string text;
  Length size = 0;
  if (!read_all(&size, sizeof size)) return 1;
  text.resize(size);
  if (!read_all(text.data(), size)) return 1;
  lock_up();
  Progress* const progress = shared_progress();
  if (progress == nullptr) return 1;
  try {
    const Program program(text);
    if (!write_all(Length{0}, {})) return 1;
    return supervise(program, *progress);
  } catch (const std::invalid_argument& error) {
    const std::string_view message = error.what();
    return write_all(static_cast<Length>(message.size()), message) ? 0 : 1;
  }
}

}  // namespace

}  // namespace coyield::generators::jq

int main() { return coyield::generators::jq::run(); }
