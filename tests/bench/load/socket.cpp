#include "socket.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace coyield::bench {
namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::system_category(), what); }

void bind_source(int number, int source) {
  // The port is chosen at connect(), by the whole four-tuple: else 28,000 ports are all there are.
  const int on = 1;
  setsockopt(number, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + static_cast<unsigned>(source));
  if (bind(number, reinterpret_cast<sockaddr*>(&from), sizeof(from)) != 0) fail("bind");
}

}  // namespace

void Descriptor::close() {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Descriptor start_connect(const sockaddr_in& server, int source) {
  Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) fail("socket");
  const int on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (source > 0) bind_source(socket.get(), source);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof(server)) != 0 &&
      errno != EINPROGRESS) {
    fail("connect");
  }
  return socket;
}

bool try_send(const Descriptor& socket, std::string_view bytes) {
  const auto sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent == static_cast<ssize_t>(bytes.size())) return true;
  if (sent < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS)) return false;
  fail("send");
}

std::size_t send_part(const Descriptor& socket, std::string_view bytes) {
  const auto sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN) return 0;
  fail("send");
}

Received try_receive(const Descriptor& socket, char* buffer, std::size_t size) {
  const auto got = recv(socket.get(), buffer, size, 0);
  if (got > 0) return {static_cast<std::size_t>(got), false};
  if (got == 0) return {0, true};
  if (errno == EAGAIN || errno == EINTR || errno == ENOTCONN) return {};
  fail("recv");
}

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) fail("epoll_create1");
}

void Poller::add(const Descriptor& socket, void* who, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0) fail("epoll_ctl");
}

void Poller::modify(const Descriptor& socket, void* who, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = who;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, socket.get(), &event) != 0) fail("epoll_ctl");
}

int Poller::wait_for(epoll_event* events, int most, std::chrono::milliseconds limit) {
  const int count = epoll_wait(epoll_.get(), events, most, static_cast<int>(limit.count()));
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  return count < 0 ? 0 : count;
}

}  // namespace coyield::bench
