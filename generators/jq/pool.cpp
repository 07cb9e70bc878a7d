#include <poll.h>
#include <signal.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/jq/location.hpp>
#include <coyield/generators/jq/pool.hpp>
#include <coyield/generators/sleep.hpp>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace coyield::generators::jq {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_bytes = 64 * 1024;

Program start(Programs& programs) {
  ProgramOptions options{.command = {child_program()}, .input = true, .errors = false, .grace = 1s};
  options.inherits_environment = false;
  return programs.start(options);
}

std::string length_of(std::string_view text) {
  const auto length = static_cast<Length>(text.size());
  return std::string(reinterpret_cast<const char*>(&length), sizeof length);
}

[[noreturn]] void throw_gone() {
  throw Failure(FailureKind::internal, "jq: the process that runs the program has ended");
}

[[noreturn]] void throw_wrong(const std::string& what) {
  throw Failure(FailureKind::internal, "jq: " + what, Again::useless);
}

/// Writes, without the signal that kills a program where nobody reads any more: libraries cannot ask for it
/// to be ignored.
ssize_t write_quietly(int descriptor, std::string_view text) noexcept {
  sigset_t broken_pipe;
  sigset_t before;
  ::sigemptyset(&broken_pipe);
  ::sigaddset(&broken_pipe, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &broken_pipe, &before);
  const ssize_t n = ::write(descriptor, text.data(), text.size());
  const int error = errno;
  constexpr timespec at_once = {};
  if (n < 0 && error == EPIPE && ::sigismember(&before, SIGPIPE) == 0)
    ::sigtimedwait(&broken_pipe, nullptr, &at_once);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return n;
}

/// A pipe that does not block, both ways: `bytes` that were moved, nothing where it has to wait, 0 at its
/// end.
std::optional<std::size_t> moved(ssize_t bytes) {
  if (bytes >= 0) return static_cast<std::size_t>(bytes);
  if (errno == EAGAIN || errno == EINTR) return std::nullopt;
  return 0;
}

}  // namespace

/// A `coyield-jq`, and the chain that serves it: takes a batch, writes it, reads the answers.
class Pool::Child {
 public:
  explicit Child(Pool& pool)
      : pool_(pool),
        process_(start(pool.programs_)),
        input_(pool.loop_.executor(), process_.input.release()),
        output_(pool.loop_.executor(), process_.output.release()),
        serving_(pool.loop_, serve(*this)) {
    serving_.poll();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    fail(std::make_exception_ptr(Failure(FailureKind::unavailable, "jq: it is being ended")));
    serving_.reset();
  }

  bool idle() const noexcept { return idle_; }
  bool over() const noexcept { return over_; }
  std::chrono::nanoseconds idle_since() const noexcept { return idle_since_; }
  void wake() noexcept {
    idle_ = false;
    woken_.set();
  }

 private:
  /// Never yields.
  static AsyncGenerator<bool> serve(Child& self) {
    std::exception_ptr failed;
    try {
      auto compiling = self.compile();
      co_await std::move(compiling);
      for (;;) {
        self.work_ = self.pool_.take();
        if (self.work_) {
          auto doing = self.do_work();
          co_await std::move(doing);
        } else {
          self.rest();
          co_await self.woken_.wait();
        }
      }
    } catch (...) {
      failed = std::current_exception();
    }
    self.end(std::move(failed));
  }

  Task<> compile() {
    Buffer text;
    text.append(length_of(pool_.program_));
    text.append(pool_.program_);
    auto writing = write(text);
    co_await std::move(writing);
    auto reading = read_at_least(sizeof(Length));
    co_await std::move(reading);
    Length size = 0;
    std::memcpy(&size, read_.data(), sizeof size);
    auto reading_rest = read_at_least(sizeof size + size);
    co_await std::move(reading_rest);
    if (size != 0) throw_wrong(std::string(read_.view().substr(sizeof size, size)));
    read_.clear();
    compiled_ = true;
  }

  Task<> do_work() {
    auto writing = write(work_->request);
    co_await std::move(writing);
    for (;;) {
      auto reading = read_at_least(sizeof(ChunkHead));
      co_await std::move(reading);
      ChunkHead head;
      std::memcpy(&head, read_.data(), sizeof head);
      auto reading_rest = read_at_least(sizeof head + head.bytes);
      co_await std::move(reading_rest);
      if (work_->wanted()) work_->answers.append(read_.view().substr(sizeof head, head.bytes));
      read_.consume(sizeof head + head.bytes);
      if (head.last != 0) {
        work_->next = head.next;
        work_->ended = true;
      }
      work_->tell();
      if (head.last != 0) break;
    }
    work_.reset();
  }

  Task<> write(const Buffer& text) {
    std::string_view left = text.view();
    while (!left.empty()) {
      const auto n = moved(write_quietly(input_.native_handle(), left));
      if (n == 0) throw_gone();
      if (n) left.remove_prefix(*n);
      if (!left.empty()) co_await input_.async_wait(asio::posix::descriptor_base::wait_write, asio::deferred);
    }
  }
  Task<> read_at_least(std::size_t size) {
    while (read_.size() < size) {
      char* const room = read_.prepare(read_bytes);
      const auto n = moved(::read(output_.native_handle(), room, read_bytes));
      if (n == 0) throw_gone();
      if (n) {
        read_.commit(*n);
      } else {
        co_await output_.async_wait(asio::posix::descriptor_base::wait_read, asio::deferred);
      }
    }
  }

  void rest() {
    read_.release();
    idle_ = true;
    idle_since_ = pool_.loop_.now();
    if (!pool_.tidying_.scheduled()) pool_.loop_.after(idle_time, pool_.tidying_);
  }
  void end(std::exception_ptr why) {
    over_ = true;
    idle_ = false;
    if (!compiled_) pool_.fail_waiting(why);  // another one would come no further
    fail(std::move(why));
    pool_.loop_.soon(pool_.tidying_);
  }
  void fail(std::exception_ptr why) noexcept {
    if (work_) std::exchange(work_, nullptr)->fail(std::move(why));
  }

  Pool& pool_;
  Program process_;
  asio::posix::stream_descriptor input_;
  asio::posix::stream_descriptor output_;
  Buffer read_;
  std::shared_ptr<Work> work_;  // the one that it is at
  Event woken_;
  bool compiled_ = false;
  bool idle_ = false;
  bool over_ = false;
  std::chrono::nanoseconds idle_since_{0};
  Consumer<bool> serving_;
};

Pool::Pool(Loop& loop, Programs& programs, std::string program)
    : loop_(loop), programs_(programs), program_(std::move(program)), tidying_(*this) {}
Pool::~Pool() = default;

std::size_t Pool::size() const noexcept { return children_.size(); }

void Pool::close() noexcept {
  tidying_.cancel();
  children_.clear();
}

void Pool::submit(std::shared_ptr<Work> work) {
  waiting_.push_back(std::move(work));
  for (Child& child : children_)
    if (child.idle()) return child.wake();
  if (children_.size() < most_children) start_child();
}

void Pool::start_child() {
  try {
    children_.emplace_back(*this);
  } catch (const Failure&) {
    // With one that is there already the stream only waits longer.
    if (children_.empty()) fail_waiting(std::current_exception());
  }
}

void Pool::fail_waiting(const std::exception_ptr& why) noexcept {
  while (const auto work = take()) work->fail(why);
}

std::shared_ptr<Work> Pool::take() noexcept {
  while (!waiting_.empty()) {
    std::shared_ptr<Work> work = std::move(waiting_.front());
    waiting_.pop_front();
    if (work->wanted()) return work;
  }
  return nullptr;
}

/// Ends the children that are over, or have been idle for long.
void Pool::tidy() {
  auto next = std::chrono::nanoseconds::max();
  for (auto child = children_.begin(); child != children_.end();) {
    const auto due = child->idle_since() + idle_time;
    const bool goes = child->over() || (child->idle() && due <= loop_.now());
    if (!goes && child->idle()) next = std::min(next, due);
    child = goes ? children_.erase(child) : std::next(child);
  }
  if (!waiting_.empty() && children_.empty()) start_child();
  if (next != std::chrono::nanoseconds::max()) loop_.at(next, tidying_);
}

Pools& Pools::of(const Executor& executor) { return asio::use_service<Pools>(executor.context()); }

Pools::Pools(asio::execution_context& context)
    : service(context),
      loop_(Loop::of(static_cast<asio::io_context&>(context).get_executor())),
      programs_(std::numeric_limits<std::size_t>::max()) {}

Pool& Pools::get(const std::string& program) {
  const auto found = pools_.find(program);
  if (found != pools_.end()) return found->second;
  return pools_.try_emplace(program, loop_, programs_, program).first->second;
}

void Pools::shutdown() {
  for (auto& [_, pool] : pools_) pool.close();
}

namespace {

/// The same without a loop, for a process that is asked once.
class BlockingPipes {
 public:
  explicit BlockingPipes(const Program& process) noexcept : process_(process) {}

  void write(std::string_view text) const {
    while (!text.empty()) {
      const auto n = moved(write_quietly(process_.input.get(), text));
      if (n == 0) throw_gone();
      if (n) {
        text.remove_prefix(*n);
      } else {
        wait(process_.input, POLLOUT);
      }
    }
  }
  std::string read(std::size_t size) const {
    std::string text(size, '\0');
    for (std::size_t have = 0; have < size;) {
      const auto n = moved(::read(process_.output.get(), text.data() + have, size - have));
      if (n == 0) throw_gone();
      if (n) {
        have += *n;
      } else {
        wait(process_.output, POLLIN);
      }
    }
    return text;
  }

 private:
  static void wait(const FileDescriptor& end, short events) {
    pollfd watched = {end.get(), events, 0};
    constexpr int most_ms = 10'000;
    if (::poll(&watched, 1, most_ms) == 0) throw_wrong("it takes longer than 10 s to compile the program");
  }

  const Program& process_;
};

}  // namespace

std::optional<std::string> compile_error(const std::string& program) {
  Programs programs;
  const Program process = start(programs);
  const BlockingPipes pipes(process);
  pipes.write(length_of(program));
  pipes.write(program);
  Length size = 0;
  std::memcpy(&size, pipes.read(sizeof size).data(), sizeof size);
  if (size == 0) return std::nullopt;
  return pipes.read(size);
}

}  // namespace coyield::generators::jq
