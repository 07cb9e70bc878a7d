#pragma once

#include <coyield/handlers/places.hpp>
#include <coyield/handlers/protocol.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/http/kept_head.hpp>
#include <coyield/server/publishing/outlets.hpp>
#include <coyield/server/pump.hpp>
#include <coyield/server/websocket/framing.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

/// Several streams on one connection: over a WebSocket in the protocol `coyield.v1`, or as one event stream.
///
/// The pump drains them together, as if they were one stream. Each write takes a bounded share of each that
/// has items and may send them, in turn, beginning behind the one that was last; nothing more is pulled until
/// the client has taken that. So a stream that is slow, or whose client gives it no credits, costs the others
/// nothing, and the connection holds one batch at the most. A shared stream that is not pulled falls behind,
/// and is treated by its own endpoint's `slow`.
///
/// A stream is `held` until it is known whether it can be had, as the status of a response is, and its
/// neighbours go on meanwhile.
namespace coyield::server {

/// One of the streams.
struct Subscription {
  enum class Phase : unsigned char {
    fresh,  ///< it has not run
    held,   ///< it has, and nothing is said of it yet
    open,   ///< the client knows that it has begun
  };

  std::string sub;                            ///< what the client calls it; empty: it is alone
  std::size_t number = 0;                     ///< of its place, in an event stream
  std::optional<std::uint64_t> credits = {};  ///< items that it may send; none: any number
  std::optional<Stream> stream = {};          ///< none: all that is left of it is to be said
  std::string last_word = {};                 ///< that
  std::string resume_after = {};              ///< the id that it goes on behind, until it has begun
  Phase phase = Phase::fresh;
  std::chrono::nanoseconds held_until{};
  std::optional<std::chrono::nanoseconds> starved_since = {};  ///< without credits, while others wait for it
  bool may_come_back = false;                                  ///< what it has failed with may be over soon
};

/// All of one connection. It is pumped like a `Stream`, and takes the messages of a WebSocket.
class Subscriptions final : public MessageReceiver {
 public:
  /// The most that a connection may have.
  static constexpr std::size_t most = 256;
  /// The most messages without sense that a connection may send.
  static constexpr unsigned most_nonsense = 64;

  /// What `multiplex` says, asked for with the fields of `head`. `connection` must outlive it.
  Subscriptions(Worker& worker, Connection& connection, handlers::Multiplex multiplex, KeptHead head,
                Protocol protocol);
  /// The stream of a WebSocket's endpoint alone, whose 101 was held for it.
  /// `resume_after` is the id that it goes on behind; empty: none.
  Subscriptions(Stream stream, std::string resume_after);
  ~Subscriptions() override;
  Subscriptions(const Subscriptions&) = delete;
  Subscriptions& operator=(const Subscriptions&) = delete;

  // As the pump wants it.

  Worker& worker() const noexcept { return worker_; }
  Connection& connection() const noexcept { return connection_; }
  /// Of the connection, as is `encoder`.
  const handlers::StreamOptions& options() const noexcept { return options_; }
  generators::Encoder& encoder() noexcept { return *encoder_; }
  void begin_encoding(generators::Buffer& out) {
    if (!std::exchange(begun_, true)) encoder_->begin(out);
  }
  /// An item, if one of them has something to send; pending, if not. Never done.
  generators::Poll status();
  bool has_news() const noexcept;
  /// An operator stops one of them, and not the connection.
  static bool asked_to_stop() noexcept { return false; }
  generators::Event::InChain wait();
  /// While the client takes nothing, those that an operator stops go nevertheless.
  void show(handlers::StreamState state);
  void show_awaited() noexcept;
  void end_as(PumpEnd end) noexcept;

  /// Writes a share of each that has something to send. Over: they have come to their end together.
  Step write(generators::Buffer& out);
  /// What the only one has failed with, if it has.
  const std::optional<generators::Failure>& failure() const noexcept { return failure_; }

  std::string take(generators::PayloadKind kind, std::string_view payload,
                   generators::Buffer& answers) override;
  bool full() const noexcept override { return outlets_.full(); }

 private:
  class EnvelopeFraming;

  enum class Served : unsigned char { waits, more, over };

  bool alone() const noexcept { return scope_ == handlers::ProtocolScope::one; }
  std::list<Subscription>::iterator find(std::string_view sub);
  bool has_something(Subscription& subscription) const;
  bool is_to_end(const Subscription& subscription) const noexcept;
  bool holds_up_others(Subscription& subscription) const;
  void note_starved(Subscription& subscription) const;
  bool is_starved(const Subscription& subscription) const;
  bool is_decided(Subscription& subscription);
  void begin(Subscription& subscription);
  void announce(Subscription& subscription, generators::Buffer& out);
  bool may_pull(Subscription& subscription, generators::Buffer& out);
  Served pull(Subscription& subscription, generators::Buffer& out);
  Served refuse(Subscription& subscription, generators::Buffer& out);
  Served serve(Subscription& subscription, generators::Buffer& out);
  void write_published(generators::Buffer& out);
  std::optional<PumpEnd> common_end() const noexcept;
  template <class Write>
  void write_envelope(generators::Buffer& out, Write write);

  void open(std::string_view target, std::string_view last_event_id, Subscription subscription);
  void count_held();

  // What a message wants: `subscription_messages.cpp`.
  void take(handlers::Nonsense&& message, generators::Buffer& answers);
  void take(handlers::Subscribe&& message, generators::Buffer& answers);
  void take(handlers::RequestItems&& message, generators::Buffer& answers);
  void take(handlers::Unsubscribe&& message, generators::Buffer& answers);
  void take(handlers::Publish&& message, generators::Buffer& answers);

  Worker& worker_;
  Connection& connection_;
  const handlers::StreamOptions& options_;
  std::unique_ptr<generators::Encoder> encoder_;
  std::unique_ptr<handlers::Places> places_;  // of an event stream
  KeptHead head_;
  Outlets outlets_;
  Protocol protocol_ = Protocol::websocket;
  handlers::ProtocolScope scope_ = handlers::ProtocolScope::many;
  std::list<Subscription> subscriptions_;  // the next to be served is the first
  std::optional<generators::Failure> failure_;
  std::optional<PumpEnd> last_end_;  // of one that has come to its end
  bool drained_ = false;             // one of them
  bool may_come_back_ = false;       // one of an event stream
  unsigned nonsense_ = 0;
  bool begun_ = false;
};

/// What an event stream says at its end where one of its streams has failed, and may be had again.
generators::Failure streams_failed();

/// Says how the connection ends.
template <Framing F>
void say_end(Subscriptions& all, F& framing, PumpEnd end, generators::Buffer& out) {
  if (end == PumpEnd::failed && !all.failure()) {
    framing.failed(all.encoder(), streams_failed(), out);
    return;
  }
  if (end == PumpEnd::drained) {
    framing.draining(all.encoder(), out);
  } else if (all.failure()) {
    framing.failed(all.encoder(), *all.failure(), out);
  } else {
    framing.end(all.encoder(), out);
  }
}

/// The same as for one stream.
template <Framing F>
Step send_batch(Subscriptions& all, F& framing, bool beat) {
  generators::Buffer& out = all.worker().out();
  framing.open(out);
  all.begin_encoding(out);
  if (beat && framing.heartbeat(all.encoder(), out) == Inbound::left)
    return detail::over(drop_slow(all.worker(), all.connection(), "it does not answer"));
  Step step = all.write(out);
  if (step.kind == Step::Kind::over) say_end(all, framing, step.end, out);
  const Outgoing bytes = framing.seal(out);
  step.sent = !bytes.empty();
  if (step.sent && !all.connection().send(bytes)) return detail::over(PumpEnd::left);
  return step;
}

}  // namespace coyield::server
