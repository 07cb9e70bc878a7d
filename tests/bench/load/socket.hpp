#pragma once
#include <netinet/in.h>
#include <sys/epoll.h>

#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

namespace coyield::bench {

/// Owns a file descriptor; -1 is none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void close();

 private:
  int number_ = -1;
};

/// Starts to connect, without waiting. Each 20,000 connections, and in `new-connections` each few in turn,
/// come from another source address 127.0.0.x, so that the ports last. Throws std::system_error.
Descriptor start_connect(const sockaddr_in& server, int source);

/// Sends as much as the socket takes, without waiting. False: it is not connected yet, or full; try again
/// when it is writable. Requests are far smaller than a socket's buffer, so all or nothing is sent.
bool try_send(const Descriptor& socket, std::string_view bytes);
/// Sends as much as the socket takes now, and says how much that was.
std::size_t send_part(const Descriptor& socket, std::string_view bytes);

/// What recv said: bytes, nothing yet, or the end.
struct Received {
  std::size_t size = 0;
  bool ended = false;
};
Received try_receive(const Descriptor& socket, char* buffer, std::size_t size);

/// epoll, level-triggered. The pointer given to `add` comes back with each event.
class Poller {
 public:
  Poller();
  void add(const Descriptor& socket, void* who, std::uint32_t events);
  void modify(const Descriptor& socket, void* who, std::uint32_t events);

  /// Calls `handle(who)` for each socket that has something; waits at most `limit` for the first.
  template <typename Handle>
  void wait(std::chrono::milliseconds limit, Handle&& handle) {
    epoll_event events[256];
    const int count = wait_for(events, 256, limit);
    for (int i = 0; i < count; ++i) handle(events[i].data.ptr);
  }

 private:
  int wait_for(epoll_event* events, int most, std::chrono::milliseconds limit);
  Descriptor epoll_;
};

}  // namespace coyield::bench
