#include <coyield/server/connections/acceptor.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <chrono>

namespace coyield::server {

namespace {

using Endpoint = asio::generic::stream_protocol::endpoint;
using boost::system::error_code;

constexpr int backlog = 4096;
constexpr int accepted_in_a_row = 64;
constexpr std::chrono::milliseconds pause_time(100);

/// The kernel's buffers count against a container's memory as well: this is what a client that never reads
/// can hold there. (The kernel doubles the value, for its own overhead.)
constexpr int send_buffer_bytes = 64 * 1024;

void set_option(int descriptor, int level, int name, int value) noexcept {
  ::setsockopt(descriptor, level, name, &value, sizeof value);
}

/// What an accepted socket inherits. A peer that has vanished without a word is noticed after two minutes on
/// a stream that has nothing to say, and after `patience` when something was sent.
void set_inherited_options(int descriptor, std::chrono::nanoseconds patience) noexcept {
  set_option(descriptor, SOL_SOCKET, SO_SNDBUF, send_buffer_bytes);
  set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, send_buffer_bytes);
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 15);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 4);
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT,
             static_cast<int>(std::clamp<std::int64_t>(milliseconds, 1000, 24 * 3600 * 1000)));
}

[[noreturn]] void fail(const error_code& error, const config::ListenAddress& address) {
  // Without the place in Asio's sources, which the text would have at its end.
  const error_code plain(error.value(), error.category());
  throw boost::system::system_error(plain, "cannot listen at " + config::to_string(address));
}

Endpoint endpoint_of(const config::ListenAddress& address) {
  if (address.kind == config::ListenAddress::Kind::unix_)
    return asio::local::stream_protocol::endpoint(address.path);
  return asio::ip::tcp::endpoint(asio::ip::make_address(address.host), address.port);
}

/// A socket that its server has left behind refuses connections.
void remove_stale_socket(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof name.sun_path - 1);
  const int connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&name), sizeof name);
  const int reason = errno;
  ::close(probe);
  if (connected != 0 && reason == ECONNREFUSED) ::unlink(path.c_str());
}

std::string peer_text(const sockaddr_storage& address, socklen_t size) {
  if (address.ss_family != AF_INET && address.ss_family != AF_INET6) return "unix";
  asio::ip::tcp::endpoint endpoint;
  if (size > endpoint.capacity()) return "unknown";
  std::memcpy(endpoint.data(), &address, size);
  endpoint.resize(size);
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

std::optional<config::IpAddress> ip_address_of(const sockaddr_storage& address) {
  config::IpAddress result;
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(result.bytes.data(), &v6.sin6_addr, result.bytes.size());
    return result;
  }
  if (address.ss_family != AF_INET) return std::nullopt;
  sockaddr_in v4{};
  std::memcpy(&v4, &address, sizeof v4);
  return config::from_v4(v4.sin_addr.s_addr);
}

int open_reserve() noexcept { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

Acceptor::Acceptor(generators::Loop& loop, const config::ListenAddress& address, const Log& log,
                   std::chrono::nanoseconds patience, Accepted accepted)
    : loop_(loop),
      address_(address),
      log_(log),
      accepted_(std::move(accepted)),
      socket_(loop.executor()),
      pause_(*this),
      reserve_(open_reserve()) {
  open(patience);
}

Acceptor::~Acceptor() {
  if (address_.kind == config::ListenAddress::Kind::unix_ && socket_.is_open()) stop();
  if (reserve_ >= 0) ::close(reserve_);
}

void Acceptor::open(std::chrono::nanoseconds patience) {
  if (address_.kind == config::ListenAddress::Kind::unix_) remove_stale_socket(address_.path);
  const Endpoint endpoint = endpoint_of(address_);
  error_code error;
  socket_.open(endpoint.protocol(), error);
  if (error) fail(error, address_);
  ::fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
  if (address_.kind == config::ListenAddress::Kind::tcp) {
    socket_.set_option(asio::socket_base::reuse_address(true), error);
    set_inherited_options(socket_.native_handle(), patience);
    const auto ip = config::parse_ip_address(address_.host);
    any_address_ = ip && ip->is_unspecified();
    loopback_ = ip && ip->is_loopback();
    if (endpoint.protocol().family() == AF_INET6) socket_.set_option(asio::ip::v6_only(true), error);
  }
  socket_.bind(endpoint, error);
  if (error) fail(error, address_);
  socket_.listen(backlog, error);
  if (error) fail(error, address_);
  socket_.native_non_blocking(true, error);
  if (error) fail(error, address_);
  if (address_.kind == config::ListenAddress::Kind::tcp && address_.port == 0) {
    asio::ip::tcp::endpoint bound;
    const Endpoint local = socket_.local_endpoint(error);
    std::memcpy(bound.data(), local.data(), local.size());
    address_.port = bound.port();
  }
}

void Acceptor::start() {
  if (!socket_.is_open()) return;
  socket_.async_wait(asio::socket_base::wait_read, [this](const error_code& error) {
    if (!error) accept_some();
  });
}

void Acceptor::stop() noexcept {
  pause_.cancel();
  error_code ignored;
  if (socket_.is_open() && address_.kind == config::ListenAddress::Kind::unix_)
    ::unlink(address_.path.c_str());
  socket_.close(ignored);
}

void Acceptor::accept_some() {
  for (int i = 0; i < accepted_in_a_row; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int descriptor =
        ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
    if (descriptor >= 0) {
      exhausted_ = false;
      arrived(descriptor, peer, size);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    if (errno == EINTR || errno == ECONNABORTED) continue;
    const error_code error(errno, boost::system::system_category());
    if (!std::exchange(exhausted_, true)) log_.warning("accept", {{"error", error.message()}});
    if ((error.value() == EMFILE || error.value() == ENFILE) && turn_one_away()) continue;
    loop_.after(pause_time, pause_);
    return;
  }
  start();
}

void Acceptor::arrived(int descriptor, const sockaddr_storage& peer, socklen_t size) {
  Arrival arrival;
  arrival.descriptor = generators::FileDescriptor(descriptor);
  // A Unix socket inherits nothing.
  if (peer.ss_family == AF_UNIX) set_option(descriptor, SOL_SOCKET, SO_SNDBUF, send_buffer_bytes);
  arrival.family = peer.ss_family;
  arrival.peer = peer_text(peer, size);
  arrival.address = ip_address_of(peer);
  arrival.loopback = any_address_ ? is_loopback(descriptor) : loopback_;
  accepted_(std::move(arrival));
}

bool Acceptor::is_loopback(int descriptor) const noexcept {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &size) != 0) return false;
  const auto address = ip_address_of(own);
  return address && address->is_loopback();
}

/// Nobody else can use the descriptor in between, if the others fail to open one as well.
bool Acceptor::turn_one_away() {
  if (reserve_ < 0) return false;
  ::close(reserve_);
  const int descriptor = ::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
  if (descriptor >= 0) ::close(descriptor);
  reserve_ = open_reserve();
  return descriptor >= 0;
}

}  // namespace coyield::server
