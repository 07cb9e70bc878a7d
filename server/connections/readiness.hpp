#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <coyield/generators/file_descriptor.hpp>
#include <coyield/generators/loop.hpp>
#include <cstdint>
#include <memory>

namespace coyield::server {

class Connection;

/// Tells the connections of one thread what has become possible on their sockets.
///
/// Asio's reactor takes a system call and an operation of its own for each wait; a connection waits after
/// every request, and after most batches. So a worker has one epoll for its connections, in which each is
/// entered once, edge-triggered (epoll(7)), and Asio waits for that one alone. Connections are told by
/// `Connection::happened`, which resumes nothing by itself.
///
/// For the thread of its loop. It must outlive its connections.
class Readiness {
 public:
  /// Throws boost::system::system_error where the system has none left.
  Readiness();

  /// From here on `loop`, once it runs, looks at what has happened. Once.
  void start(generators::Loop& loop);

  /// Until `remove`, which must come before the socket is closed: a child of this process may hold it open.
  /// Throws boost::system::system_error.
  void add(int socket, Connection& connection);
  void remove(int socket) noexcept;

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<generators::Executor>;

  void watch(std::shared_ptr<Descriptor> own);
  void look() noexcept;

  generators::FileDescriptor epoll_;
};

}  // namespace coyield::server
