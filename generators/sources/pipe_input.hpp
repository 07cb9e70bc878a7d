#pragma once

#include <unistd.h>

#include <boost/asio/deferred.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/file_descriptor.hpp>
#include <coyield/generators/loop.hpp>
#include <cstring>
#include <optional>
#include <span>

namespace coyield::generators {

/// The reading end of a pipe or a socket, which does not block. Cancelling ends a wait.
///
///     PipeInput input(executor, std::move(descriptor));
///     co_await fill(input, lines);                    // some bytes, or `lines.ended()`: see fill.hpp
class PipeInput {
 public:
  PipeInput(const Executor& executor, FileDescriptor descriptor) : descriptor_(executor, descriptor.get()) {
    descriptor.release();
  }

  /// Reads what there is; 0 at the end, and nothing where there is nothing yet. Throws `Failure(upstream)`
  /// when it cannot be read.
  std::optional<std::size_t> read_now(std::span<char> into) {
    for (;;) {
      const ssize_t n = ::read(descriptor_.native_handle(), into.data(), into.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno == EAGAIN) return std::nullopt;
      if (errno != EINTR)
        throw Failure(FailureKind::upstream, std::string("it cannot be read: ") + std::strerror(errno));
    }
  }
  auto more() { return descriptor_.async_wait(asio::posix::descriptor_base::wait_read, asio::deferred); }

 private:
  asio::posix::stream_descriptor descriptor_;
};

}  // namespace coyield::generators
