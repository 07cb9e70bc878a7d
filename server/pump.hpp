#pragma once

#include <algorithm>
#include <chrono>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/framing.hpp>
#include <coyield/server/roster.hpp>
#include <coyield/server/subscriber.hpp>
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
  refused,  ///< its first item cannot be said, and nothing has left: it can still be a status
  stopped,  ///< the operator has stopped it, and the client has been told, if it took what was before
};

/// The stream of one response, as it is pulled.
class Stream {
 public:
  /// `began` is when its request was there.
  /// Throws Failure where it is shared, and cannot be had.
  Stream(Worker& worker, Connection& connection, handlers::Pull pull, Protocol protocol,
         std::chrono::nanoseconds began);

  Worker& worker() const noexcept { return worker_; }
  Connection& connection() const noexcept { return place_->connection; }
  /// Null where the stream has a generator of its own.
  Subscriber* subscriber() const noexcept { return subscriber_.get(); }
  generators::Encoder& encoder() noexcept { return *encoder_; }
  const handlers::StreamOptions& options() const noexcept { return place_->options; }

  /// Lets the generator run for the first time. The item that it may have is the first that `poll` gives.
  generators::Poll begin() {
    if (subscriber_) {
      settle();
      return status();
    }
    const generators::Poll status = consumer_.poll();
    primed_ = status == generators::Poll::item;
    return status;
  }
  /// Whether there is an item, or an end, without letting the generator run.
  generators::Poll status() const noexcept;
  /// Where it is over before its first item: throws what it has failed with, if it has.
  void rethrow_failure();
  /// Of a subscriber: lets it begin, and catch up by itself where the log does not have what it needs. Throws
  /// Failure as `generators::Cursor` does.
  void settle();
  bool catching_up() const noexcept { return subscriber_ && consumer_; }
  /// It has met the log.
  void caught_up() noexcept { consumer_.reset(); }
  /// Whether others have had items of it already, so that its status waits for nothing. Throws Failure where
  /// a client cannot have what it wants.
  bool under_way();
  /// The next item, or none: `status` says why.
  generators::Next<generators::Item> poll_item(generators::Poll& status) {
    if (primed_) [[unlikely]] {
      primed_ = false;
      status = generators::Poll::item;
      return consumer_.item();
    }
    return consumer_.poll_item(status);
  }

  /// Writes what comes in front of all items, once.
  void begin_encoding(generators::Buffer& out) {
    if (!std::exchange(begun_, true)) encoder_->begin(out);
  }

  /// The id behind which it stands, before it has had an item; empty: it is not known, or there is none.
  std::string position() const;
  /// Has the event set when it is known.
  void want_position();
  bool wants_start() const noexcept { return start_ != nullptr || says_place_; }
  bool start_known() const;
  /// Says where the stream stands, once, if that is known and none of its items has said so. `items` are in
  /// `out` already.
  void say_start(std::uint64_t items, generators::Buffer& out);

  /// Its first item cannot be said: `refusal` says why.
  void refuse(generators::Failure failure) {
    refusal_ = std::make_unique<generators::Failure>(std::move(failure));
  }
  const generators::Failure& refusal() const noexcept { return *refusal_; }

  /// What the generator threw, as the client may know it; the rest goes to the log. Within a catch block.
  generators::Failure failure();

  /// Waits for the generator, the client, a deadline or the drain: whatever comes first.
  generators::Event::InChain wait() {
    watch();
    return connection().wake().wait();
  }
  /// Has the generator set the connection's event.
  void watch() noexcept;

  /// Whether its operator wants it to end.
  bool asked_to_stop() const noexcept { return place_->asked_to_stop; }
  /// Whether there is something to be told, though there is no item.
  bool has_news() const { return asked_to_stop() || (wants_start() && start_known()); }
  /// Whether its operator wants it to end: once.
  bool take_stop() noexcept { return std::exchange(place_->asked_to_stop, false); }

  // What others see of it.

  /// Says what it waits for from here on.
  void show(handlers::StreamState state) noexcept {
    place_->state.store(state, std::memory_order_relaxed);
    place_->unsent.set(static_cast<std::uint32_t>(connection().unsent()));
  }
  /// Says what its generator waits for.
  void show_awaited() noexcept;
  /// Of a subscriber: how far it is now, and whether it was told of a gap.
  void note_place(bool gap) noexcept;
  /// Counts a batch that is on its way.
  void count(std::uint64_t items, std::size_t bytes) noexcept;
  /// How it has ended; unless that is said, the client has left.
  void end_as(handlers::StreamEnd end) noexcept { place_->end = end; }
  void end_as(PumpEnd end) noexcept;

 private:
  void note_slow(std::string_view reason) noexcept;
  /// Whether it is the generator that many share that has failed.
  bool shared_failure() const noexcept;

  Worker& worker_;
  std::unique_ptr<Subscriber> subscriber_;
  Roster::Place place_;
  generators::Consumer<generators::Item> consumer_;  // if not, or if it has to catch up
  std::unique_ptr<generators::Encoder> encoder_;
  std::unique_ptr<generators::Failure> refusal_;
  std::shared_ptr<const generators::StartPosition> start_;
  bool primed_ = false;
  bool begun_ = false;
  bool says_place_ = false;  // of a subscriber without an item
  bool too_slow_ = false;    // a subscriber that was disconnected
};

/// How long a client may take what was sent before its stream is stopped, so that it can be told.
constexpr std::chrono::seconds time_to_stop(2);

/// What a client gets to know of a stream that was stopped.
generators::Failure stopped_by_operator();

/// Notes that a client is dropped, and why.
PumpEnd drop_slow(Worker& worker, const Connection& connection, std::string_view reason);

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

/// What there is to do behind a batch.
struct Step {
  enum class Kind : unsigned char {
    wait,  ///< for the generator
    more,  ///< it has had its turn, and may have more
    over,  ///< nothing: the stream has ended
  };
  Kind kind;
  PumpEnd end = PumpEnd::ended;  ///< where it is over
  bool sent = false;             ///< something has left

  /// Whether nothing has left, and nothing can: `Stream::refusal` says why.
  bool refused() const noexcept { return kind == Kind::over && end == PumpEnd::refused; }
  /// Whether there is nobody left to send to, or nothing of the stream.
  bool gone() const noexcept {
    return kind == Kind::over && (end == PumpEnd::left || end == PumpEnd::slow || end == PumpEnd::refused);
  }
};

namespace detail {

constexpr std::size_t batch_bytes = 64 * 1024;
/// What is sent from where it stands is at least as long: less is copied sooner than sent by itself.
constexpr std::size_t least_lent = batch_bytes / 2;

inline bool is_batch(const generators::Buffer& out) noexcept { return out.size() >= batch_bytes; }

constexpr Step over(PumpEnd end) noexcept { return Step{.kind = Step::Kind::over, .end = end}; }

/// How long a generator may have the thread before its items leave and others have their turn. The clock is
/// looked at behind the items 1, 3, 7, ... and then every 64th: items that are dear do not keep the first one
/// back, and cheap ones do not pay for it. What fills a batch takes any `T` that has its members.
class Turn {
 public:
  explicit Turn(generators::Loop& loop) noexcept : loop_(loop), end_(loop.now() + length) {}
  bool over() noexcept {
    if (--left_ != 0) [[likely]]
      return false;
    before_ += step_;
    step_ = std::min(step_ * 2, most);
    left_ = step_;
    return loop_.now() >= end_;
  }
  /// Whether the batch has all that one generator may have of it.
  bool full(const generators::Buffer& out) const noexcept { return closed_ || is_batch(out); }
  /// Items that nobody was asked for one by one.
  void add(std::uint64_t items) noexcept { more_ += items; }
  /// The batch can have no more: bytes that it was lent have to be its last.
  void close() noexcept { closed_ = true; }
  /// How often `over` was called, and those: the items.
  std::uint64_t items() const noexcept { return before_ + step_ - left_ + more_; }

 private:
  static constexpr std::chrono::milliseconds length{2};
  static constexpr unsigned most = 64;
  generators::Loop& loop_;
  std::chrono::nanoseconds end_;
  unsigned before_ = 0;
  unsigned step_ = 1;
  unsigned left_ = 1;
  std::uint64_t more_ = 0;
  bool closed_ = false;
};

/// Has bytes that stand elsewhere in the batch without a copy, where that can be.
template <Framing F, class T>
bool lend(F& framing, std::string_view bytes, generators::Buffer& out, T& turn) {
  if constexpr (requires { framing.lend(bytes, out); }) {
    framing.lend(bytes, out);
    turn.close();
    return true;
  }
  return false;
}

/// Ends the batch with what was thrown. Within a catch block.
template <Framing F>
Step fail(Stream& stream, F& framing, generators::Buffer& out, bool empty) {
  if (empty && framing.nothing_sent()) {
    stream.refuse(stream.failure());
    return over(PumpEnd::refused);
  }
  framing.failed(stream.encoder(), stream.failure(), out);
  return over(PumpEnd::failed);
}

template <Framing F>
void encode(Stream& stream, F& framing, const generators::Item& item, generators::Buffer& out) {
  const std::size_t before = out.size();
  framing.item(stream.encoder(), item, out);
  if (out.size() - before > stream.options().max_item) [[unlikely]]
    refuse_too_long(item, out.size() - before, stream.options().max_item);
}

/// The items that stand next in the log, as they were encoded for all; false where that cannot be had.
template <Framing F, class T>
bool append_encoded(Stream& stream, F& framing, Subscriber& subscriber, generators::Buffer& out, T& turn) {
  generators::Cursor& cursor = subscriber.cursor;
  if (!subscriber.encoded || !framing.itemwise() || !cursor.follows_log()) return false;
  const EncodedLog::Block* block = subscriber.encoded->find(cursor.offset());
  if (block == nullptr) {
    const auto encode_for_all = [&](const generators::Item& item, generators::Buffer& into) {
      encode(stream, framing, item, into);
    };
    block = subscriber.encoded->make(cursor.log(), cursor.offset(), encode_for_all);
    if (block == nullptr) return false;
  }
  const std::string_view bytes = block->bytes.view();
  if (bytes.size() < least_lent || !lend(framing, bytes, out, turn)) out.append(bytes);
  turn.add(block->items);
  cursor.pass(block->items);
  return true;
}

/// The items of a subscriber that makes the stream itself, up to where it meets the log: nothing then.
/// `before` is the end of the last whole item.
template <Framing F, class T>
std::optional<Step> catch_up(Stream& stream, F& framing, Subscriber& subscriber, generators::Buffer& out,
                             T& turn, std::size_t& before) {
  while (!turn.full(out)) {
    before = out.size();
    generators::Poll status;
    auto item = stream.poll_item(status);
    if (!item && status == generators::Poll::pending) return Step{.kind = Step::Kind::wait};
    if (!item) {
      framing.end(stream.encoder(), out);
      return over(PumpEnd::ended);
    }
    if (generators::is_gap(*item) && subscriber.cursor.fails_on_gap()) generators::refuse_gap(*item);
    encode(stream, framing, *item, out);
    before = out.size();
    if (subscriber.cursor.meet(item->id())) {
      stream.caught_up();
      return std::nullopt;
    }
    if (turn.over()) break;
  }
  return Step{.kind = Step::Kind::more};
}

/// The same as `fill` for a subscriber of a shared stream.
template <Framing F, class T>
Step fill_shared(Stream& stream, F& framing, Subscriber& subscriber, generators::Buffer& out, T& turn) {
  using Next = generators::Cursor::Step;
  generators::Cursor& cursor = subscriber.cursor;
  generators::LogIds ids(cursor.log());
  std::size_t before = out.size();
  const std::size_t begin = before;
  bool gap = false;
  Next next = Next::item;
  try {
    while (!turn.full(out)) {
      before = out.size();
      stream.settle();
      if (stream.catching_up()) {
        if (const auto step = catch_up(stream, framing, subscriber, out, turn, before)) return *step;
        continue;
      }
      if (append_encoded(stream, framing, subscriber, out, turn)) continue;
      next = cursor.advance();
      if (next == Next::wait || next == Next::end) break;
      if (next == Next::outside) continue;
      gap |= next == Next::gap;
      encode(stream, framing, next == Next::item ? cursor.item(ids) : generators::Item::gap(cursor.gap()),
             out);
      if (turn.over()) break;
    }
    stream.note_place(gap);
    if (next == Next::wait) return Step{.kind = Step::Kind::wait};
    if (next != Next::end) return Step{.kind = Step::Kind::more};
    stream.rethrow_failure();
    before = out.size();
    framing.end(stream.encoder(), out);
    return over(PumpEnd::ended);
  } catch (...) {
    out.resize(before);  // nothing of an item that could not be written whole
    return fail(stream, framing, out, before == begin);
  }
}

/// Whether the item needs no copy: then it is in the batch, as its last.
template <Framing F, class T>
bool lend_item(Stream& stream, F& framing, const generators::Item& item, generators::Buffer& out, T& turn) {
  if constexpr (requires { F::adds_nothing; }) {
    if (!stream.encoder().verbatim() || item.is_value() || generators::is_gap(item)) [[likely]]
      return false;
    const std::string_view payload = item.payload();
    if (payload.size() < batch_bytes) return false;
    if (payload.size() > stream.options().max_item)
      refuse_too_long(item, payload.size(), stream.options().max_item);
    turn.add(1);
    return lend(framing, payload, out, turn);
  }
  return false;
}

/// Encodes what is ready, up to a batch, or to the end of the generator's turn, which counts the items.
template <Framing F, class T>
Step fill(Stream& stream, F& framing, generators::Buffer& out, T& turn) {
  using generators::Poll;
  const std::size_t max_item = stream.options().max_item;
  std::size_t before = out.size();
  const std::size_t begin = before;
  try {
    for (;;) {
      Poll status;
      before = out.size();
      auto item = stream.poll_item(status);  // throws what the generator threw
      if (!item) [[unlikely]] {
        if (status == Poll::pending) return Step{.kind = Step::Kind::wait};
        break;
      }
      if (lend_item(stream, framing, *item, out, turn)) [[unlikely]]
        return Step{.kind = Step::Kind::more};
      framing.item(stream.encoder(), *item, out);
      if (out.size() - before > max_item) [[unlikely]]
        refuse_too_long(*item, out.size() - before, max_item);
      if (turn.over() || turn.full(out)) return Step{.kind = Step::Kind::more};
    }
    framing.end(stream.encoder(), out);
    return over(PumpEnd::ended);
  } catch (...) {
    out.resize(before);  // nothing of an item that could not be written whole
    return fail(stream, framing, out, before == begin);
  }
}

/// What is ready, or why no more will come.
template <Framing F, class T>
Step write_batch(Stream& stream, F& framing, generators::Buffer& out, T& turn) {
  const Worker& worker = stream.worker();
  if (stream.take_stop()) {
    framing.failed(stream.encoder(), stopped_by_operator(), out);
    return over(PumpEnd::stopped);
  }
  if (worker.stopping() || (worker.draining() && !stream.options().finite)) {
    framing.draining(stream.encoder(), out);
    return over(PumpEnd::drained);
  }
  stream.show(handlers::StreamState::running);
  if (Subscriber* subscriber = stream.subscriber())
    return fill_shared(stream, framing, *subscriber, out, turn);
  return fill(stream, framing, out, turn);
}

/// Reads what the client has sent, if it has.
template <Framing F>
Inbound listen(const Connection& connection, F& framing) {
  return connection.readable() || framing.has_news() ? framing.received() : Inbound::go_on;
}

}  // namespace detail

/// Writes one batch, behind a sign of life if it is time for one, and sends it. No coroutine: what it needs
/// is on the stack, and not held by thousands of quiet streams.
template <Framing F>
Step send_batch(Stream& stream, F& framing, bool beat) {
  Worker& worker = stream.worker();
  generators::Buffer& out = worker.out();
  framing.open(out);
  stream.begin_encoding(out);
  if (beat && framing.heartbeat(stream.encoder(), out) == Inbound::left) {
    return detail::over(drop_slow(worker, stream.connection(), "it does not answer"));
  }
  detail::Turn turn(worker.loop());
  Step step = detail::write_batch(stream, framing, out, turn);
  if (step.refused()) return step;
  if (step.kind == Step::Kind::wait && stream.wants_start()) stream.say_start(turn.items(), out);
  const Outgoing bytes = framing.seal(out);
  step.sent = !bytes.empty();
  if (!step.sent) return step;
  if (!stream.connection().send(bytes)) return detail::over(PumpEnd::left);
  stream.count(turn.items(), bytes.size());
  return step;
}

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
