#pragma once

#include <algorithm>
#include <chrono>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/server/batch.hpp>
#include <optional>

namespace coyield::server {

/// The loop that drains a generator to a client.
///
/// It polls items while they are ready and encodes them into a buffer of the thread, and writes when the
/// generator has to wait, at 64 KiB, or when it has had its turn: whatever is ready together leaves together,
/// and what is ready leaves at once. The generator is asked for more only when the client has taken all that
/// was sent. A client that waits costs no coroutine of its own but the session's: an item, the client's
/// leaving, a deadline and the server's draining all set the connection's one event.

/// How long a client may take what was sent before its stream is stopped, so that it can be told.
constexpr std::chrono::seconds time_to_stop(2);

/// Waits until the client has taken all that was sent, up to the write time-out: while it takes nothing, or
/// less than the least rate, for that long, it is `slow`. Ends early with `left`, with `drained` when the
/// server stops, and with `stopped` when the operator wants that and the client does not take the rest soon:
/// what it is to be told stands behind that. `received` is called when there is something to read, `waits`
/// whenever it has to wait, and `asked_to_stop` says whether the operator wants that.
template <class Received, class Waits, class Asked>
generators::Task<std::optional<PumpEnd>> flush(Worker& worker, Connection& connection, Received received,
                                               Waits waits, Asked asked_to_stop) {
  const config::Timeouts& timeouts = worker.shared().config.timeouts;
  generators::Loop& loop = worker.loop();
  std::chrono::nanoseconds window_end = loop.now() + timeouts.write;
  std::uint64_t window_sent = connection.sent();
  const double window_seconds = std::chrono::duration<double>(timeouts.write).count();
  const auto least = static_cast<std::uint64_t>(static_cast<double>(timeouts.least_rate) * window_seconds);
  bool hurried = false;
  while (connection.unsent() != 0) {
    if (worker.stopping()) co_return PumpEnd::drained;
    if (asked_to_stop() && !std::exchange(hurried, true))
      window_end = std::min<std::chrono::nanoseconds>(window_end, loop.now() + time_to_stop);
    if (connection.readable() && received() == Inbound::left) co_return PumpEnd::left;
    connection.watch_reading();
    connection.wake_at(window_end);
    waits();
    co_await connection.wake().wait();
    if (!connection.send_unsent()) co_return PumpEnd::left;
    const std::chrono::nanoseconds now = loop.now();
    if (now < window_end) continue;
    if (hurried && connection.unsent() != 0) co_return PumpEnd::stopped;
    if (connection.unsent() != 0 && connection.sent() - window_sent < std::max<std::uint64_t>(least, 1)) {
      co_return drop_slow(worker, connection, "it takes too little");
    }
    window_sent = connection.sent();
    window_end = now + timeouts.write;
  }
  co_return std::nullopt;
}

namespace detail {

/// Reads what the client has sent, if it has.
template <Framing F>
Inbound listen(const Connection& connection, F& framing) {
  return connection.readable() || framing.has_news() ? framing.received() : Inbound::go_on;
}

}  // namespace detail

/// Sends the first batch of the stream, what is ready, or its head. `S` is a `Stream`, or what is pumped like
/// one.
template <class S, Framing F>
Step begin_pumping(S& stream, F& framing) {
  return send_batch(stream, framing, false);
}

/// Sends the stream, from its first batch, `step`, to its end. The generator, with all that it holds, is
/// destroyed with the stream, not by the pump.
template <class S, Framing F>
generators::Task<PumpEnd> pump(S& stream, F& framing, Step step) {
  Worker& worker = stream.worker();
  Connection& connection = stream.connection();
  const std::chrono::nanoseconds heartbeat = stream.options().heartbeat;
  std::chrono::nanoseconds quiet_since = std::chrono::nanoseconds::zero();
  bool beat = false;
  for (;; step = send_batch(stream, framing, beat)) {
    if (step.gone()) co_return step.end;
    if (heartbeat.count() > 0 && (step.sent || quiet_since.count() == 0)) quiet_since = worker.loop().now();
    if (connection.unsent() != 0) {
      const auto received = [&framing] { return framing.received(); };
      const auto waits = [&stream] { stream.show(handlers::StreamState::client); };
      const auto asked_to_stop = [&stream] { return stream.asked_to_stop(); };
      auto flushing = flush(worker, connection, received, waits, asked_to_stop);
      const std::optional<PumpEnd> end = co_await std::move(flushing);
      if (end) co_return *end;
    }
    if (step.kind == Step::Kind::over) co_return step.end;
    beat = false;
    if (step.kind == Step::Kind::more) {
      co_await generators::yield_now();
      if (detail::listen(connection, framing) == Inbound::left) co_return PumpEnd::left;
      connection.watch_reading();
      continue;
    }
    while (stream.status() == generators::Poll::pending) {
      if (detail::listen(connection, framing) == Inbound::left) co_return PumpEnd::left;
      connection.watch_reading();
      if (heartbeat.count() > 0) connection.wake_at(quiet_since + heartbeat);
      stream.show_awaited();
      co_await stream.wait();
      if (detail::listen(connection, framing) == Inbound::left) co_return PumpEnd::left;
      beat = heartbeat.count() > 0 && worker.loop().now() >= quiet_since + heartbeat;
      if (beat || worker.draining() || stream.has_news() || connection.unsent() != 0) break;
    }
  }
}

}  // namespace coyield::server
