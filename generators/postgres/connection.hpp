#pragma once

#include <libpq-fe.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/task.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {

class BlockingPool;
class Cleanup;
class Observer;

}  // namespace coyield::generators

namespace coyield::generators::postgres {

struct ClearResult {
  void operator()(PGresult* result) const noexcept { ::PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

struct FreeNotification {
  void operator()(PGnotify* notification) const noexcept { ::PQfreemem(notification); }
};
using Notification = std::unique_ptr<PGnotify, FreeNotification>;

struct FreeBytes {
  void operator()(char* bytes) const noexcept { ::PQfreemem(bytes); }
};

/// What a connection needs of the server around it; see `SourceContext`.
struct Surroundings {
  BlockingPool* blocking;
  Cleanup* cleanup;
  Observer* observer;  ///< null: nobody wants to know
  std::string_view endpoint;
};

/// For what the connection is to be used.
enum class Purpose : unsigned char { queries, replication };

/// A connection to a PostgreSQL server, through libpq, that blocks nobody.
///
///     Connection connection(loop, surroundings);
///     co_await connection.open("postgresql://localhost/db", Purpose::queries);
///     co_await connection.start("select * from t where id > $1", {"5"});
///     while (Result row = co_await connection.next_row()) ...
///
/// One coroutine uses it at a time, which owns it; cancelling ends the wait, and it is of no use after that.
/// Destroying it while a query runs cancels that on the server, on the thread of `Cleanup`.
///
/// Failures: `unavailable` where the server cannot be reached or breaks off, or says that it cannot now;
/// `invalid` for a value that a parameter of the query does not take (SQLSTATE class 22); `internal` for any
/// other mistake. What the server has said in detail is for the observer alone.
class Connection {
 public:
  Connection(Loop& loop, const Surroundings& surroundings);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  Task<void> open(std::string where, Purpose purpose);

  /// A statement, and its last result; null where it has none, or begins to copy.
  Task<Result> execute(std::string sql);
  /// Begins a query whose rows are taken one by one; the server is held back until they are.
  Task<void> start(std::string sql, std::vector<std::string> parameters);
  /// The next row; none behind the last.
  Task<Result> next_row();

  /// The next notification, once there is one.
  Task<Notification> next_notification();
  /// One that has come already.
  Notification take_notification() noexcept;

  /// After a command that begins a replication: what the server sends next. Empty: it has ended it.
  Task<std::string_view> next_copied();
  Task<void> send_copied(std::string_view bytes);

  /// A name as SQL has it, in double quotes.
  std::string quoted_name(const std::string& name) const;
  std::string quoted_text(const std::string& text) const;

 private:
  class Timer;

  Task<void> finish_connecting();
  Task<void> readable();
  Task<void> writable();
  Task<void> flush();
  Task<Result> next_result();
  void watch();
  void consume();
  [[noreturn]] void fail_connection(const char* what);
  [[noreturn]] void fail_query(const PGresult* result);
  void note(const char* what, std::string_view detail) const;

  Loop& loop_;
  Surroundings surroundings_;
  PGconn* connection_ = nullptr;
  asio::posix::stream_descriptor watched_;
  bool busy_ = false;
  std::unique_ptr<char, FreeBytes> copied_;
};

}  // namespace coyield::generators::postgres
