#pragma once

#include <algorithm>
#include <chrono>
#include <coyield/generators/gap.hpp>
#include <coyield/server/framing.hpp>
#include <coyield/server/stream.hpp>
#include <optional>

namespace coyield::server {

/// What a client gets to know of a stream that was stopped.
generators::Failure stopped_by_operator();

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

}  // namespace coyield::server
