#pragma once

#include <algorithm>
#include <chrono>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/framing.hpp>
#include <coyield/server/worker.hpp>
#include <optional>

namespace coyield::server {

/// The loop that drains a generator to a client.
///
/// It polls items while they are ready and encodes them into a buffer of the thread, and writes when the
/// generator has to wait, at 64 KiB, or when it has had its turn: whatever is ready together leaves together,
/// and what is ready leaves at once. The generator is asked for more only when the client has taken all that
/// was sent. A client that waits costs no coroutine of its own but the session's: an item, the client's
/// leaving, a deadline and the server's draining all set the connection's one event.

/// How a stream came to its end.
enum class PumpEnd : unsigned char {
  ended,    ///< the generator has returned, and the client has been told
  failed,   ///< it has thrown, and the client has been told; the transport must not look like an end
  drained,  ///< the server goes away, and the client has been told
  left,     ///< the client has gone, or broke the rules
  slow,     ///< the client has taken nothing, or too little, for too long
};

/// The stream of one response, as it is pulled.
class Stream {
 public:
  Stream(Worker& worker, Connection& connection, handlers::Pull pull);

  Worker& worker() const noexcept { return worker_; }
  Connection& connection() const noexcept { return connection_; }
  generators::Consumer<generators::Item>& consumer() noexcept { return consumer_; }
  generators::Encoder& encoder() noexcept { return *encoder_; }
  const handlers::StreamOptions& options() const noexcept { return *options_; }

  /// Lets the generator run for the first time. The item that it may have is the first that `poll` gives.
  generators::Poll begin() {
    const generators::Poll status = consumer_.poll();
    primed_ = status == generators::Poll::item;
    return status;
  }
  /// The next item, or none: `status` says why.
  generators::Next<generators::Item> poll_item(generators::Poll& status) {
    if (primed_) [[unlikely]] {
      primed_ = false;
      status = generators::Poll::item;
      return consumer_.item();
    }
    return consumer_.poll_item(status);
  }

  /// What the generator threw, as the client may know it; the rest goes to the log. Within a catch block.
  generators::Failure failure() const;

  /// Waits for the generator, the client, a deadline or the drain: whatever comes first.
  generators::Event::InChain wait();

 private:
  Worker& worker_;
  Connection& connection_;
  generators::Consumer<generators::Item> consumer_;
  std::unique_ptr<generators::Encoder> encoder_;
  const handlers::StreamOptions* options_;
  bool primed_ = false;
};

/// Notes that a client is dropped, and why.
PumpEnd drop_slow(Worker& worker, const Connection& connection, std::string_view reason);

/// Waits until the client has taken all that was sent, up to the write time-out: while it takes nothing, or
/// less than the least rate, for that long, it is `slow`. Ends early with `left`, and with `drained` when the
/// server stops. `received` is called when there is something to read.
template <class Received>
generators::Task<std::optional<PumpEnd>> flush(Worker& worker, Connection& connection, Received received) {
  const config::Timeouts& timeouts = worker.shared().config.timeouts;
  generators::Loop& loop = worker.loop();
  std::chrono::nanoseconds window_end = loop.now() + timeouts.write;
  std::uint64_t window_sent = connection.sent();
  const double window_seconds = std::chrono::duration<double>(timeouts.write).count();
  const auto least = static_cast<std::uint64_t>(static_cast<double>(timeouts.least_rate) * window_seconds);
  while (connection.unsent() != 0) {
    if (worker.stopping()) co_return PumpEnd::drained;
    if (connection.readable() && received() == Inbound::left) co_return PumpEnd::left;
    connection.watch_reading();
    connection.wake_at(window_end);
    co_await connection.wake().wait();
    if (!connection.send_unsent()) co_return PumpEnd::left;
    const std::chrono::nanoseconds now = loop.now();
    if (now < window_end) continue;
    if (connection.unsent() != 0 && connection.sent() - window_sent < std::max<std::uint64_t>(least, 1)) {
      co_return drop_slow(worker, connection, "it takes too little");
    }
    window_sent = connection.sent();
    window_end = now + timeouts.write;
  }
  co_return std::nullopt;
}

namespace detail {

constexpr std::size_t batch_bytes = 64 * 1024;

enum class Batch : unsigned char { pending, full, ended, failed };

/// How long a generator may have the thread before its items leave and others have their turn. The clock is
/// looked at behind the items 1, 3, 7, ... and then every 64th: items that are dear do not keep the first one
/// back, and cheap ones do not pay for it.
class Turn {
 public:
  explicit Turn(generators::Loop& loop) noexcept : loop_(loop), end_(loop.now() + length) {}
  bool over() noexcept {
    if (--left_ != 0) [[likely]]
      return false;
    step_ = std::min(step_ * 2, most);
    left_ = step_;
    return loop_.now() >= end_;
  }

 private:
  static constexpr std::chrono::milliseconds length{2};
  static constexpr unsigned most = 64;
  generators::Loop& loop_;
  std::chrono::nanoseconds end_;
  unsigned step_ = 1;
  unsigned left_ = 1;
};

/// Encodes what is ready, up to a batch, or to the end of the generator's turn.
template <Framing F>
Batch fill(Stream& stream, F& framing, generators::Buffer& out) {
  using generators::Poll;
  const std::size_t max_item = stream.options().max_item;
  Turn turn(stream.worker().loop());
  std::size_t before = out.size();
  try {
    for (;;) {
      Poll status;
      before = out.size();
      auto item = stream.poll_item(status);  // throws what the generator threw
      if (!item) [[unlikely]] {
        if (status == Poll::pending) return Batch::pending;
        break;
      }
      framing.item(stream.encoder(), *item, out);
      if (out.size() - before > max_item) [[unlikely]] {
        const std::size_t size = out.size() - before;
        throw generators::Failure(
            generators::FailureKind::internal,
            "an item of " + std::to_string(size) + " bytes is over the limit of " + std::to_string(max_item));
      }
      if (out.size() >= batch_bytes || turn.over()) return Batch::full;
    }
    framing.end(stream.encoder(), out);
    return Batch::ended;
  } catch (...) {
    out.resize(before);  // nothing of an item that could not be written whole
    framing.failed(stream.encoder(), stream.failure(), out);
    return Batch::failed;
  }
}

}  // namespace detail

/// Sends the stream, from its present state to its end. The generator, with all that it holds, is destroyed
/// with the stream, not by the pump.
template <Framing F>
generators::Task<PumpEnd> pump(Stream& stream, F& framing) {
  using detail::Batch;
  Worker& worker = stream.worker();
  Connection& connection = stream.connection();
  generators::Loop& loop = worker.loop();
  const std::chrono::nanoseconds heartbeat = stream.options().heartbeat;
  std::chrono::nanoseconds quiet_since =
      heartbeat.count() > 0 ? loop.now() : std::chrono::nanoseconds::zero();
  bool begun = false;
  bool beat = false;
  for (;;) {
    generators::Buffer& out = worker.out();
    framing.open(out);
    if (!std::exchange(begun, true)) stream.encoder().begin(out);
    if (beat && framing.heartbeat(stream.encoder(), out) == Inbound::left) {
      co_return drop_slow(worker, connection, "it does not answer");
    }
    const bool going_away = worker.stopping() || (worker.draining() && !stream.options().finite);
    Batch batch = Batch::pending;
    if (going_away) {
      framing.draining(stream.encoder(), out);
    } else {
      batch = detail::fill(stream, framing, out);
    }
    const std::string_view bytes = framing.seal(out);
    if (!bytes.empty()) {
      if (!connection.send(bytes)) co_return PumpEnd::left;
      if (heartbeat.count() > 0) quiet_since = loop.now();
    }
    if (connection.unsent() != 0) {
      const auto received = [&framing] { return framing.received(); };
      auto flushing = flush(worker, connection, received);
      const std::optional<PumpEnd> end = co_await std::move(flushing);
      if (end) co_return *end;
    }
    if (going_away) co_return PumpEnd::drained;
    if (batch == Batch::ended) co_return PumpEnd::ended;
    if (batch == Batch::failed) co_return PumpEnd::failed;
    beat = false;
    if (batch == Batch::full) {
      co_await generators::yield_now();
      if (connection.readable() && framing.received() == Inbound::left) co_return PumpEnd::left;
      connection.watch_reading();
      continue;
    }
    while (stream.consumer().status() == generators::Poll::pending) {
      if (connection.readable() && framing.received() == Inbound::left) co_return PumpEnd::left;
      connection.watch_reading();
      if (heartbeat.count() > 0) connection.wake_at(quiet_since + heartbeat);
      co_await stream.wait();
      if (connection.readable() && framing.received() == Inbound::left) co_return PumpEnd::left;
      beat = heartbeat.count() > 0 && loop.now() >= quiet_since + heartbeat;
      if (beat || worker.draining() || connection.unsent() != 0) break;
    }
  }
}

}  // namespace coyield::server
