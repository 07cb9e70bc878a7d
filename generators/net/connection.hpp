#pragma once

#include <chrono>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/task.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace coyield::generators::net {

/// Whom to connect to.
struct Peer {
  std::string host;         ///< a name or an address
  std::string port;         ///< in digits
  std::string socket = {};  ///< of a Unix socket, instead of `host` and `port`
  bool tls = false;         ///< its certificate has to be one for `host`
  /// A file of certificates (PEM) that it may be signed by; empty: those that the system trusts.
  std::string authorities = {};
};

/// A connection that we have opened: TCP or a Unix socket, with TLS (1.2 or later) or without.
///
///     Connection connection(loop);
///     connection.within(10s);                      // for whatever is awaited from now on, until
///     `at_leisure` co_await connection.open(peer); co_await connection.write(request); std::size_t n =
///     co_await connection.read(block);   // 0: the end
///
/// Its owner's coroutine awaits one of these at a time. Cancelling ends the wait, and the connection is of no
/// use after it. Destroying it closes it, without a word to the other side. Throws `Failure(upstream)`, which
/// names the peer, for whatever goes wrong: a name that is not found, a certificate that is not trusted,
/// silence for longer than was to be waited.
///
/// A peer that is gone without a word is noticed after half a minute (keep-alives of TCP).
class Connection {
 public:
  explicit Connection(Loop& loop);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// `Failure` is thrown when all that follows together has not come to its end by then.
  void within(std::chrono::nanoseconds time);
  void at_leisure();

  /// To the first address of the peer that answers.
  Task<void> open(Peer peer);
  /// What has come; 0 at the end, which under TLS the peer must have said.
  Task<std::size_t> read(std::span<char> into);
  /// `bytes` must stay as long as it is awaited.
  Task<void> write(std::string_view bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace coyield::generators::net
