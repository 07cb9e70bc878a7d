#include <coyield/server/worker.hpp>

#include <malloc.h>

#include <algorithm>
#include <boost/asio/detail/concurrency_hint.hpp>
#include <boost/asio/post.hpp>
#include <coyield/generators/spawn.hpp>
#include <coyield/server/http/session.hpp>
#include <ctime>
#include <functional>
#include <vector>

namespace coyield::server {

namespace {

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::size_t crowd = 1000;
constexpr std::chrono::seconds trim_delay(5);

}  // namespace

Worker::Worker(const Shared& shared, std::size_t number, std::size_t endpoints)
    : shared_(shared),
      source_log_(shared.log),
      holdings_(shared.memory),
      roster_(number, endpoints),
      shares_(*this, shared.shares),
      out_(batch_room),
      in_(read_bytes),
      io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // posted to by others; its sockets are its own
      loop_(generators::Loop::of(io_.get_executor())),
      work_(asio::make_work_guard(io_)) {
  readiness_.start(loop_);
}

Worker::~Worker() = default;

generators::SourceContext Worker::source_context(std::string resume_after) {
  return {.blocking = &shared_.blocking,
          .standard_input = &shared_.standard_input,
          .topics = &shares_,
          .endpoints = &shares_,
          .programs = &shared_.programs,
          .cleanup = &shared_.cleanup,
          .observer = &source_log_,
          .max_item = shared_.config.limits.max_item,
          .resume_after = std::move(resume_after)};
}

void Worker::run() {
  io_.run();
  over_.store(true, std::memory_order_relaxed);
}

void Worker::adopt(Arrival arrival) {
  load_.fetch_add(1, std::memory_order_relaxed);
  asio::post(io_, [this, owned = std::move(arrival)]() mutable { start(std::move(owned)); });
}

void Worker::start(Arrival arrival) {
  ConnectionPtr connection;
  generators::Buffer received = std::move(arrival.received);
  try {
    connection = new Connection(loop_, readiness_, holdings_, std::move(arrival));
  } catch (const std::exception& error) {
    shared_.log.error("connection", {{"error", error.what()}});
    load_.fetch_sub(1, std::memory_order_relaxed);
    leave_if_done();
    return;
  }
  connections_.push_back(*connection);
  run(connection, Session{serve_connection(*this, connection, std::move(received))});
}

/// One session behind the other, until none is left.
void Worker::run(const ConnectionPtr& connection, Session session) {
  generators::spawn(loop_.executor(), std::move(session.task),
                    [this, connection](const std::exception_ptr& error, Session next) {
                      if (error || !next.task) return finish(*connection, error);
                      run(connection, std::move(next));
                    });
}

void Worker::finish(Connection& connection, const std::exception_ptr& error) {
  if (error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& what) {
      shared_.log.error("session", {{"client", connection.peer()}, {"error", what.what()}});
    } catch (...) {
      shared_.log.error("session", {{"client", connection.peer()}, {"error", "not an exception"}});
    }
    connection.reset();  // nobody is to take this for the end of a stream
  }
  connection.close();
  connection.unlink();
  load_.fetch_sub(1, std::memory_order_relaxed);
  if (++trim_.left >= crowd && !trim_.scheduled()) loop_.after(trim_delay, trim_);
  leave_if_done();
}

void Worker::Trim::woken() {
  left = 0;
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

void Worker::begin_drain() {
  asio::post(io_, [this] {
    draining_ = true;
    work_.reset();
    wake_all();
  });
}

void Worker::begin_stop() {
  asio::post(io_, [this] {
    draining_ = stopping_ = true;
    work_.reset();
    wake_all();
  });
}

void Worker::begin_relief() {
  asio::post(io_, [this] { relieve(); });
}

/// Goes an eighth below the share, so that the next byte does not begin it all again.
void Worker::relieve() {
  MemoryBudget& memory = shared_.memory;
  memory.begin_relief();
  const std::uint64_t held = memory.held();
  if (!memory.exceeded() || holdings_.held() <= memory.share()) return;
  const std::size_t dropped = drop_worst(holdings_.held() - (memory.share() - memory.share() / 8));
  shared_.counters.dropped_memory.add(dropped);
  shared_.log.warning("dropped", {{"reason", "memory"},
                                  {"clients", std::to_string(dropped)},
                                  {"held", std::to_string(held)},
                                  {"limit", std::to_string(memory.limit())}});
}

/// Drops those who hold the most, until so many bytes will be free. Gives how many they were.
std::size_t Worker::drop_worst(std::uint64_t bytes) {
  std::vector<std::pair<std::size_t, Connection*>> holders;
  for (Connection& connection : connections_) {
    if (!connection.dropped() && connection.held() != 0) holders.emplace_back(connection.held(), &connection);
  }
  std::sort(holders.begin(), holders.end(), std::greater<>());
  std::uint64_t freed = 0;
  std::size_t count = 0;
  for (; count < holders.size() && freed < bytes; ++count) {
    freed += holders[count].first;
    holders[count].second->drop();
  }
  return count;
}

void Worker::stop_stream(std::uint64_t number) {
  asio::post(io_, [this, number] { roster_.stop(number); });
}

void Worker::stop_share(ShareKey key) {
  asio::post(io_, [this, owned = std::move(key)] { shares_.stop(owned); });
}

std::chrono::nanoseconds Worker::silent_for() {
  static constexpr std::chrono::nanoseconds answered{0};
  if (over_.load(std::memory_order_relaxed)) return answered;
  const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
  std::chrono::nanoseconds asked = answered;
  if (!asked_.compare_exchange_strong(asked, now)) return now - asked;
  asio::post(io_, [this] { asked_.store(answered); });
  return answered;
}

void Worker::wake_all() {
  for (Connection& connection : connections_) connection.wake().set();
  leave_if_done();
}

/// Timers and watches of nobody's must not keep the thread.
void Worker::leave_if_done() {
  if (draining_ && load() == 0 && holds_ == 0) io_.stop();
}

std::string_view Worker::date_line() {
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(loop_.wall()).count();
  if (second != date_second_) {
    date_second_ = second;
    const std::time_t time = second;
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[64];
    date_line_.assign(text, std::strftime(text, sizeof text, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts));
  }
  return date_line_;
}

}  // namespace coyield::server
