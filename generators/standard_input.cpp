#include <coyield/generators/standard_input.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <cstring>
#include <system_error>

// How to wait for a descriptor that others share. Asio sets O_NONBLOCK on all that it waits for, and that
// flag belongs to the open file, not to the descriptor: a shell that reads the same terminal would fail. So
// Asio gets an epoll descriptor of our own, in which the shared one stands: it is readable when the other is.
//
// And how to read what may be gone by then, since another process was quicker. Pipes and sockets know
// RWF_NOWAIT. A terminal does not: there it is asked once more, and the moment in between is left to chance.

namespace coyield::generators {

namespace {

[[noreturn]] void fail(int error) {
  throw Failure(FailureKind::upstream,
                "the standard input cannot be read: " + std::generic_category().message(error));
}

std::size_t read_at(int descriptor, std::span<char> into, std::uint64_t offset) {
  ssize_t n = -1;
  do {
    n = ::pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset));
  } while (n < 0 && errno == EINTR);
  if (n < 0) fail(errno);
  return static_cast<std::size_t>(n);
}

}  // namespace

StandardInput::StandardInput(int descriptor) noexcept
    : descriptor_(::fcntl(descriptor, F_GETFD) == -1 ? -1 : descriptor) {}

StandardInput::Reader::Turn::Turn(StandardInput& input) : input_(input) {
  if (!input.taken_.exchange(true, std::memory_order_acquire)) return;
  throw Failure(FailureKind::unavailable,
                "another client reads the standard input, and only one at a time can have it");
}

StandardInput::Reader::Reader(StandardInput& input, BlockingPool& pool, const Executor& executor)
    : input_(input), turn_(input), pool_(pool), readable_(executor) {
  watch();
}

StandardInput::Reader::~Reader() = default;

void StandardInput::Reader::watch() {
  const int watching = ::epoll_create1(EPOLL_CLOEXEC);
  if (watching < 0) throw Failure(FailureKind::unavailable, "the standard input cannot be watched");
  readable_.assign(watching);
  epoll_event event = {};
  event.events = EPOLLIN;
  if (::epoll_ctl(watching, EPOLL_CTL_ADD, input_.descriptor_, &event) == 0) return;
  if (errno != EPERM) throw Failure(FailureKind::unavailable, "this server has no standard input");
  // A file, or a device that never keeps one waiting.
  readable_.close();
  if (input_.file_offset_) return;
  const off_t offset = ::lseek(input_.descriptor_, 0, SEEK_CUR);
  input_.file_offset_ = offset < 0 ? 0 : static_cast<std::uint64_t>(offset);
}

Task<std::size_t> StandardInput::Reader::read(std::span<char> into) {
  std::size_t n = 0;
  do {
    n = take_kept(into);
    if (n == 0 && !input_.ended_) n = co_await read_some(into);
    if (n == 0) {
      input_.ended_ = true;  // a terminal would go on behind its end
      co_return 0;
    }
    input_.position_ += n;
    n = without_skipped_line(into.first(n));
  } while (n == 0);
  co_return n;
}

void StandardInput::Reader::give_back(std::string_view unused) {
  input_.kept_.insert(0, unused);
  input_.position_ -= unused.size();
}

Task<std::size_t> StandardInput::Reader::read_some(std::span<char> into) {
  if (!readable_.is_open()) co_return co_await read_file(into);
  for (;;) {
    const auto n = read_now(into);
    if (n) co_return *n;
    co_await readable_.async_wait(asio::posix::descriptor_base::wait_read, asio::deferred);
  }
}

/// The offset is counted here, so that a read whose reader has left by then has taken nothing.
Task<std::size_t> StandardInput::Reader::read_file(std::span<char> into) {
  const auto read_it = [descriptor = input_.descriptor_, into, offset = *input_.file_offset_] {
    return read_at(descriptor, into, offset);
  };
  const std::size_t n = co_await pool_.run(read_it);
  *input_.file_offset_ += n;
  co_return n;
}

/// Nothing where there is nothing yet.
std::optional<std::size_t> StandardInput::Reader::read_now(std::span<char> into) {
  if (!try_nowait_) return read_if_readable(into);
  constexpr off_t where_it_stands = -1;
  iovec part{into.data(), into.size()};
  const ssize_t n = ::preadv2(input_.descriptor_, &part, 1, where_it_stands, RWF_NOWAIT);
  if (n >= 0) return static_cast<std::size_t>(n);
  if (errno == EAGAIN || errno == EINTR) return std::nullopt;
  // A kind of file, or a kernel, that does not know the flag. Any other error shows itself again.
  try_nowait_ = false;
  return read_if_readable(into);
}

std::optional<std::size_t> StandardInput::Reader::read_if_readable(std::span<char> into) const {
  pollfd asked{input_.descriptor_, POLLIN, 0};
  if (::poll(&asked, 1, 0) <= 0) return std::nullopt;
  const ssize_t n = ::read(input_.descriptor_, into.data(), into.size());
  if (n >= 0) return static_cast<std::size_t>(n);
  if (errno == EAGAIN || errno == EINTR) return std::nullopt;
  fail(errno);
}

std::size_t StandardInput::Reader::take_kept(std::span<char> into) noexcept {
  const std::size_t n = input_.kept_.copy(into.data(), into.size());
  input_.kept_.erase(0, n);
  if (input_.kept_.empty()) input_.kept_.shrink_to_fit();
  return n;
}

/// Moves what is left to the front.
std::size_t StandardInput::Reader::without_skipped_line(std::span<char> given) noexcept {
  if (!input_.skips_line_) return given.size();
  const auto end = std::find(given.begin(), given.end(), '\n');
  if (end == given.end()) return 0;
  input_.skips_line_ = false;
  std::move(end + 1, given.end(), given.begin());
  return static_cast<std::size_t>(given.end() - (end + 1));
}

}  // namespace coyield::generators
