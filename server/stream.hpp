#pragma once

#include <chrono>
#include <coyield/generators/consumer.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/roster.hpp>
#include <coyield/server/subscriber.hpp>
#include <coyield/server/worker.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace coyield::server {

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

/// Notes that a client is dropped, and why.
PumpEnd drop_slow(Worker& worker, const Connection& connection, std::string_view reason);

}  // namespace coyield::server
