#include <coyield/generators/postgres/connection.hpp>

#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/cleanup.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/observer.hpp>
#include <coyield/generators/sleep.hpp>
#include <cstdlib>

namespace coyield::generators::postgres {

namespace {

using Descriptor = asio::posix::descriptor_base;

/// libpq has a line feed behind its messages.
std::string_view trimmed(const char* message) {
  std::string_view text(message == nullptr ? "" : message);
  while (text.ends_with('\n') || text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

struct Finish {
  void operator()(PGconn* connection) const noexcept { ::PQfinish(connection); }
};
using Begun = std::unique_ptr<PGconn, Finish>;

Begun begin_connecting(const std::string& where, Purpose purpose) {
  // What stands behind dbname is stronger than what it says, what stands in front is weaker.
  std::vector<const char*> names = {"connect_timeout", "application_name", "tcp_user_timeout", "dbname",
                                    "client_encoding"};
  std::vector<const char*> values = {"10", "coyield", "10000", where.c_str(), "UTF8"};
  if (purpose == Purpose::replication) {
    names.push_back("replication");
    values.push_back("database");
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  constexpr int expand_dbname = 1;
  return Begun(::PQconnectStartParams(names.data(), values.data(), expand_dbname));
}

/// As the URL, the environment or we say; libpq looks at it only where it blocks.
std::chrono::seconds connect_timeout(PGconn* connection) {
  std::chrono::seconds timeout(0);
  PQconninfoOption* const options = ::PQconninfo(connection);
  for (const PQconninfoOption* each = options; each != nullptr && each->keyword != nullptr; ++each) {
    if (std::string_view(each->keyword) == "connect_timeout" && each->val != nullptr)
      timeout = std::chrono::seconds(std::atol(each->val));
  }
  ::PQconninfoFree(options);
  return timeout.count() > 0 ? timeout : std::chrono::hours(24);
}

/// What a client may learn of a query that failed, by its SQLSTATE.
Failure failure_for(std::string_view state, std::string_view message) {
  const std::string code = state.empty() ? "" : " (" + std::string(state) + ")";
  if (state.starts_with("22")) return Failure(FailureKind::invalid, std::string(message));
  // Connections, resources, an operator who intervenes, a transaction that lost against another.
  for (const char* passing : {"08", "53", "57", "40", "55"}) {
    if (state.starts_with(passing))
      return Failure(FailureKind::unavailable, "the database cannot answer the query now" + code);
  }
  return Failure(FailureKind::internal, "the database has refused the query" + code, Again::useless);
}

}  // namespace

Connection::Connection(Loop& loop, const Surroundings& surroundings)
    : loop_(loop), surroundings_(surroundings), watched_(loop.executor()) {}

Connection::~Connection() {
  if (watched_.is_open()) watched_.release();  // libpq's
  if (connection_ == nullptr) return;
  if (!busy_) {
    ::PQfinish(connection_);
    return;
  }
  surroundings_.cleanup->later([connection = connection_] {
    if (PGcancel* const cancel = ::PQgetCancel(connection)) {
      char unused[256];
      ::PQcancel(cancel, unused, sizeof unused);
      ::PQfreeCancel(cancel);
    }
    ::PQfinish(connection);
  });
}

Task<void> Connection::open(std::string where, Purpose purpose) {
  // Names are looked up in it, which blocks.
  const auto begin = [&where, purpose] { return begin_connecting(where, purpose); };
  Begun begun = co_await surroundings_.blocking->run(begin);
  connection_ = begun.release();
  if (connection_ == nullptr) throw std::bad_alloc();
  if (::PQstatus(connection_) == CONNECTION_BAD) fail_connection("the database cannot be reached");
  ::PQsetnonblocking(connection_, 1);
  co_await finish_connecting();
  ::PQsetnonblocking(connection_, 1);
  ::PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
  co_await execute("set datestyle = 'ISO'; set intervalstyle = 'iso_8601'; set extra_float_digits = 1");
}

/// Ends a wait that has taken too long.
class Connection::Timer final : public Wakeup {
 public:
  explicit Timer(Connection& connection) noexcept : connection_(connection) {}
  bool late() const noexcept { return late_; }

 private:
  void woken() override {
    late_ = true;
    boost::system::error_code ignored;
    connection_.watched_.cancel(ignored);
  }
  Connection& connection_;
  bool late_ = false;
};

Task<void> Connection::finish_connecting() {
  Timer timer(*this);
  loop_.after(connect_timeout(connection_), timer);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    watch();
    try {
      if (next == PGRES_POLLING_READING) co_await readable();
      if (next == PGRES_POLLING_WRITING) co_await writable();
    } catch (const boost::system::system_error&) {
      if (timer.late()) fail_connection("the database has not answered in time");
      throw;
    }
    next = ::PQconnectPoll(connection_);
    if (next == PGRES_POLLING_FAILED) fail_connection("the database cannot be reached");
  }
  watch();
}

/// libpq may go over to another socket while it connects, with the same number too: then the system has
/// forgotten that it was watched.
void Connection::watch() {
  if (watched_.is_open()) watched_.release();
  watched_.assign(::PQsocket(connection_));
}

Task<void> Connection::readable() { co_await watched_.async_wait(Descriptor::wait_read, asio::deferred); }
Task<void> Connection::writable() { co_await watched_.async_wait(Descriptor::wait_write, asio::deferred); }

Task<void> Connection::flush() {
  for (;;) {
    const int left = ::PQflush(connection_);
    if (left < 0) fail_connection("the database has broken off");
    if (left == 0) co_return;
    co_await writable();
  }
}

void Connection::consume() {
  if (::PQconsumeInput(connection_) == 0) fail_connection("the database has broken off");
}

/// None: the query is over.
Task<Result> Connection::next_result() {
  while (::PQisBusy(connection_) != 0) {
    co_await readable();
    consume();
  }
  Result result(::PQgetResult(connection_));
  if (!result) busy_ = false;
  if (result && ::PQresultStatus(result.get()) == PGRES_FATAL_ERROR) {
    if (::PQstatus(connection_) == CONNECTION_BAD) fail_connection("the database has broken off");
    fail_query(result.get());
  }
  co_return result;
}

Task<Result> Connection::execute(std::string sql) {
  if (::PQsendQuery(connection_, sql.c_str()) == 0) fail_connection("the database has broken off");
  busy_ = true;
  co_await flush();
  Result last;
  for (;;) {
    Result result = co_await next_result();
    if (!result) co_return last;
    const ExecStatusType status = ::PQresultStatus(result.get());
    if (status == PGRES_COPY_BOTH || status == PGRES_COPY_OUT) co_return nullptr;
    last = std::move(result);
  }
}

Task<void> Connection::start(std::string sql, std::vector<std::string> parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  const int count = static_cast<int>(values.size());
  constexpr int as_text = 0;
  if (::PQsendQueryParams(connection_, sql.c_str(), count, nullptr, values.data(), nullptr, nullptr,
                          as_text) == 0)
    fail_connection("the database has broken off");
  busy_ = true;
  ::PQsetSingleRowMode(connection_);
  co_await flush();
}

Task<Result> Connection::next_row() {
  for (;;) {
    Result result = co_await next_result();
    if (!result) co_return result;
    switch (::PQresultStatus(result.get())) {
      case PGRES_SINGLE_TUPLE:
        co_return result;
      case PGRES_COPY_OUT:
      case PGRES_COPY_IN:
      case PGRES_COPY_BOTH:
        throw Failure(FailureKind::internal, "a COPY has no rows: write a SELECT", Again::useless);
      default:
        break;
    }
  }
}

Notification Connection::take_notification() noexcept { return Notification(::PQnotifies(connection_)); }

Task<Notification> Connection::next_notification() {
  for (;;) {
    Notification notification = take_notification();
    if (notification) co_return notification;
    co_await readable();
    consume();
  }
}

Task<std::string_view> Connection::next_copied() {
  for (;;) {
    char* bytes = nullptr;
    constexpr int without_waiting = 1;
    const int size = ::PQgetCopyData(connection_, &bytes, without_waiting);
    copied_.reset(bytes);
    if (size > 0) co_return std::string_view(bytes, static_cast<std::size_t>(size));
    if (size == -2) fail_connection("the database has broken off");
    if (size == -1) {
      const Result last = co_await next_result();
      co_return std::string_view();
    }
    co_await readable();
    consume();
  }
}

Task<void> Connection::send_copied(std::string_view bytes) {
  if (::PQputCopyData(connection_, bytes.data(), static_cast<int>(bytes.size())) != 1)
    fail_connection("the database has broken off");
  co_await flush();
}

std::string Connection::quoted_name(const std::string& name) const {
  const std::unique_ptr<char, FreeBytes> quoted(::PQescapeIdentifier(connection_, name.c_str(), name.size()));
  if (!quoted) throw Failure(FailureKind::invalid, "a name of the database is no UTF-8", Again::useless);
  return quoted.get();
}

std::string Connection::quoted_text(const std::string& text) const {
  const std::unique_ptr<char, FreeBytes> quoted(::PQescapeLiteral(connection_, text.c_str(), text.size()));
  if (!quoted) throw Failure(FailureKind::invalid, "a text for the database is no UTF-8", Again::useless);
  return quoted.get();
}

void Connection::fail_connection(const char* what) {
  note(what, trimmed(::PQerrorMessage(connection_)));
  busy_ = false;  // there is nothing to cancel
  throw Failure(FailureKind::unavailable, what);
}

void Connection::fail_query(const PGresult* result) {
  const char* const state = ::PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* const message = ::PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  note("the query failed", trimmed(::PQresultErrorMessage(result)));
  throw failure_for(state == nullptr ? "" : state, message == nullptr ? "" : message);
}

void Connection::note(const char* what, std::string_view detail) const {
  if (surroundings_.observer == nullptr) return;
  surroundings_.observer->note("postgres",
                               {{"endpoint", surroundings_.endpoint}, {"failed", what}, {"said", detail}});
}

}  // namespace coyield::generators::postgres
