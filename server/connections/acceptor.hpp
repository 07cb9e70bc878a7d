#pragma once

#include <sys/socket.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <chrono>
#include <coyield/config/listen_address.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/server/connections/arrival.hpp>
#include <coyield/server/log.hpp>
#include <functional>
#include <string>

namespace coyield::server {

namespace asio = boost::asio;

/// Listens at one address, and hands on whoever connects.
///
/// When the process has no descriptor left for a client, that client is turned away at once, by a descriptor
/// that is held for the purpose, rather than left in the queue to be tried again and again.
class Acceptor {
 public:
  using Accepted = std::function<void(Arrival arrival)>;

  /// Binds and listens; throws boost::system::system_error, whose text names the address. A Unix socket that
  /// nobody listens at any more is replaced. Nobody is accepted before `start`.
  Acceptor(generators::Loop& loop, const config::ListenAddress& address, const Log& log,
           std::chrono::nanoseconds patience, Accepted accepted);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  /// The address, with the port that the kernel has picked where it was to.
  const config::ListenAddress& address() const noexcept { return address_; }

  void start();
  /// Accepts nobody any more.
  void stop() noexcept;

 private:
  struct Pause final : generators::Wakeup {
    explicit Pause(Acceptor& owner) noexcept : acceptor(owner) {}
    void woken() override { acceptor.start(); }
    Acceptor& acceptor;
  };

  void open(std::chrono::nanoseconds patience);
  void accept_some();
  void arrived(int descriptor, const sockaddr_storage& peer, socklen_t size);
  bool is_loopback(int descriptor) const noexcept;
  bool turn_one_away();

  generators::Loop& loop_;
  config::ListenAddress address_;
  const Log& log_;
  Accepted accepted_;
  asio::basic_socket_acceptor<asio::generic::stream_protocol, generators::Executor> socket_;
  Pause pause_;
  int reserve_;
  bool exhausted_ = false;
  bool any_address_ = false;  // it listens at all of this machine's
  bool loopback_ = false;
};

}  // namespace coyield::server
