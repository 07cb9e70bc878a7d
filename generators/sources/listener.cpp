#include <coyield/generators/sources/listener.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sleep.hpp>
#include <cstring>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

constexpr auto after_exhaustion = 100ms;  // before it is tried again whether there is a descriptor

int kind_of(Transport transport) noexcept {
  const int kind = transport == Transport::stream ? SOCK_STREAM : SOCK_DGRAM;
  return kind | SOCK_CLOEXEC | SOCK_NONBLOCK;
}

[[noreturn]] void fail(const config::ListenAddress& address, int error) {
  const bool taken = error == EADDRINUSE || error == EMFILE || error == ENFILE || error == ENOMEM;
  throw Failure(
      taken ? FailureKind::unavailable : FailureKind::internal,
      "it cannot be listened at " + config::to_string(address) + ": " + std::strerror(error) +
          (error == EADDRINUSE ? "; where several clients are to read it, the endpoint has to be shared"
                               : ""));
}

sockaddr_un unix_name(const config::ListenAddress& address) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (address.path.size() >= sizeof name.sun_path) fail(address, ENAMETOOLONG);
  address.path.copy(name.sun_path, sizeof name.sun_path - 1);
  return name;
}

bool is_socket(const char* path, struct stat& found) noexcept {
  return ::lstat(path, &found) == 0 && S_ISSOCK(found.st_mode);
}

/// Removes a socket that nobody listens at any more. A file is refused by the kernel in the same words.
void remove_left_behind(const sockaddr_un& name, Transport transport) {
  struct stat found;
  if (!is_socket(name.sun_path, found)) return;
  const FileDescriptor probe(::socket(AF_UNIX, kind_of(transport), 0));
  const auto* address = reinterpret_cast<const sockaddr*>(&name);
  if (::connect(probe.get(), address, sizeof name) != 0 && errno == ECONNREFUSED) ::unlink(name.sun_path);
}

}  // namespace

ListeningSocket::ListeningSocket(const config::ListenAddress& address, Transport transport) {
  if (address.kind == config::ListenAddress::Kind::unix_) {
    const sockaddr_un name = unix_name(address);
    remove_left_behind(name, transport);
    descriptor_ = FileDescriptor(::socket(AF_UNIX, kind_of(transport), 0));
    if (!descriptor_ || ::bind(descriptor_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
      fail(address, errno);
    struct stat made;
    if (is_socket(name.sun_path, made)) {
      path_ = address.path;
      inode_ = made.st_ino;
    }
  } else {
    const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address.host), address.port);
    descriptor_ = FileDescriptor(::socket(endpoint.protocol().family(), kind_of(transport), 0));
    const int on = 1;
    if (descriptor_ && transport == Transport::stream)
      ::setsockopt(descriptor_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (!descriptor_ ||
        ::bind(descriptor_.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0)
      fail(address, errno);
  }
  if (transport == Transport::stream && ::listen(descriptor_.get(), SOMAXCONN) != 0) fail(address, errno);
}

ListeningSocket::~ListeningSocket() {
  struct stat found;
  const bool is_ours =
      descriptor_ && !path_.empty() && is_socket(path_.c_str(), found) && found.st_ino == inode_;
  if (is_ours) ::unlink(path_.c_str());
}

AsyncGenerator<FileDescriptor> accepted_at(ListeningSocket socket) {
  Loop& loop = co_await this_loop();
  Readable readable(loop.executor(), socket.descriptor());
  for (;;) {
    FileDescriptor connection(::accept4(socket.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (connection) {
      const int on = 1;  // of a Unix socket it means nothing
      ::setsockopt(connection.get(), SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
      co_yield std::move(connection);
    } else if (errno == EAGAIN) {
      co_await readable.wait();
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      co_await sleep_for(after_exhaustion);
    } else if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) {
      throw Failure(FailureKind::internal,
                    std::string("nobody can connect any more: ") + std::strerror(errno));
    }  // else that one has gone already
  }
}

}  // namespace coyield::generators
