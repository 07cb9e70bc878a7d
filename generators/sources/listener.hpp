#pragma once

#include <sys/types.h>

#include <boost/asio/deferred.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <coyield/config/listen_address.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/file_descriptor.hpp>
#include <coyield/generators/loop.hpp>
#include <string>
#include <utility>

namespace coyield::generators {

/// Which kind of socket waits for others.
enum class Transport : unsigned char { stream, datagram };

/// A socket that senders find at `address`: a connection can be accepted from it, or datagrams read. Does not
/// block. Where a Unix socket is left behind that nobody listens at, it is replaced, as programs that were
/// killed leave them; the new one is removed with this.
///
/// Throws `Failure(unavailable)` where the address is taken, and `Failure(internal)` where it cannot be had
/// at all.
class ListeningSocket {
 public:
  ListeningSocket(const config::ListenAddress& address, Transport transport);
  ListeningSocket(ListeningSocket&& other) noexcept = default;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int descriptor() const noexcept { return descriptor_.get(); }

 private:
  FileDescriptor descriptor_;
  std::string path_;  // of a Unix socket, to be removed
  ino_t inode_ = 0;   // where nobody has put another one there
};

/// The connections that come in at `socket`, without end; none blocks.
AsyncGenerator<FileDescriptor> accepted_at(ListeningSocket socket);

/// Waits until `descriptor`, which stays whose it is, can be read.
class Readable {
 public:
  Readable(const Executor& executor, int descriptor) : watched_(executor, descriptor) {}
  Readable(const Readable&) = delete;
  Readable& operator=(const Readable&) = delete;
  ~Readable() { watched_.release(); }

  auto wait() { return watched_.async_wait(asio::posix::descriptor_base::wait_read, asio::deferred); }

 private:
  asio::posix::stream_descriptor watched_;
};

}  // namespace coyield::generators
