#include <coyield/server/subscriptions.hpp>

#include <algorithm>
#include <coyield/handlers/formats/envelope.hpp>
#include <coyield/handlers/multiplex.hpp>
#include <coyield/server/http/exchange.hpp>
#include <utility>

namespace coyield::server {

using generators::Buffer;
using generators::Encoder;
using generators::Failure;
using generators::Item;
using generators::Poll;
using handlers::ProtocolScope;
using handlers::StreamEnd;

namespace {

/// What one stream may have of a batch, in bytes.
constexpr std::size_t share_bytes = 16UL * 1024;
/// How long all of them together may have the thread, beside the turn of the last.
constexpr std::chrono::milliseconds round_length{2};

/// A turn that also ends when the stream has had its share, or has no credits left.
class Share {
 public:
  Share(generators::Loop& loop, const std::optional<std::uint64_t>& credits, const Buffer& out) noexcept
      : turn_(loop), credits_(credits), end_(out.size() + share_bytes) {}

  bool over() noexcept {
    const bool out_of_time = turn_.over();
    return out_of_time || credits_ == 0;
  }
  bool full(const Buffer& out) const noexcept {
    return out.size() >= end_ || credits_ == 0 || detail::is_batch(out);
  }
  void add(std::uint64_t items) noexcept { turn_.add(items); }
  std::uint64_t items() const noexcept { return turn_.items(); }

 private:
  detail::Turn turn_;
  const std::optional<std::uint64_t>& credits_;
  std::size_t end_;
};

bool may_be_over_soon(unsigned status) noexcept { return status >= 500 || status == 429; }

/// All that is said of a stream that there is none of.
std::string last_word_of(const handlers::Response& response, const std::string& sub) {
  Buffer word;
  if (const auto* problem = std::get_if<std::string>(&response.body)) {
    handlers::append_failed(sub, *problem, word);
  } else {
    handlers::make_envelope_encoder({.sub = sub})->end(word);
  }
  return std::string(word.view());
}

}  // namespace

/// How one of the streams goes out: each envelope as a message of the WebSocket, or as an event with the
/// places of all.
class Subscriptions::EnvelopeFraming {
 public:
  EnvelopeFraming(Subscriptions& all, Subscription& one) noexcept : all_(all), one_(one) {}

  void open(Buffer& /*out*/) {}
  void item(Encoder& encoder, const Item& item, Buffer& out) {
    all_.write_envelope(out, [&] {
      const std::size_t before = out.size();
      encoder.item(item, out);
      const std::size_t max_item = one_.stream->options().max_item;
      // Not later: its place must not be passed.
      if (out.size() - before > max_item) refuse_too_long(item, out.size() - before, max_item);
      if (all_.places_) all_.places_->pass(one_.number, item.id());
    });
    if (one_.credits && !generators::is_gap(item)) --*one_.credits;
  }
  static Inbound heartbeat(Encoder& /*encoder*/, Buffer& /*out*/) { return Inbound::go_on; }
  void end(Encoder& encoder, Buffer& out) {
    if (all_.places_) all_.places_->end(one_.number);
    all_.write_envelope(out, [&] { encoder.end(out); });
  }
  void failed(Encoder& encoder, const Failure& failure, Buffer& out) {
    all_.write_envelope(out, [&] { encoder.failed(failure, out); });
    all_.may_come_back_ |= !failure.permanent() && may_be_over_soon(handlers::status_of(failure.kind()));
    if (all_.alone()) all_.failure_ = failure;
  }
  /// The connection says it, to all.
  static void draining(Encoder& /*encoder*/, Buffer& /*out*/) {}
  static bool nothing_sent() noexcept { return false; }
  /// What is encoded for others has no name in it.
  static bool itemwise() noexcept { return false; }
  static std::string_view seal(Buffer& out) { return out.view(); }
  static Inbound received() { return Inbound::go_on; }
  static bool has_news() noexcept { return false; }

 private:
  Subscriptions& all_;
  Subscription& one_;
};

Failure streams_failed() {
  return {generators::FailureKind::unavailable, "a stream has failed that may be had again; come back"};
}

Subscriptions::Subscriptions(Worker& worker, Connection& connection, handlers::Multiplex multiplex,
                             KeptHead head, Protocol protocol)
    : worker_(worker),
      connection_(connection),
      options_(*multiplex.options),
      encoder_(std::move(multiplex.encoder)),
      places_(std::move(multiplex.places)),
      head_(std::move(head)),
      outlets_(worker_, connection_, head_),
      protocol_(protocol) {
  for (std::size_t i = 0; places_ && i < places_->size(); ++i) {
    if (!places_->ended(i))
      open(places_->target(i), places_->id(i), {.sub = places_->target(i), .number = i});
  }
  count_held();
}

Subscriptions::Subscriptions(Stream stream, std::string resume_after)
    : worker_(stream.worker()),
      connection_(stream.connection()),
      options_(stream.options()),
      encoder_(handlers::make_silent_encoder()),
      outlets_(worker_, connection_, head_),
      scope_(ProtocolScope::one) {
  Subscription& only = subscriptions_.emplace_back();
  only.stream.emplace(std::move(stream));
  only.resume_after = std::move(resume_after);
  only.phase = Subscription::Phase::held;  // for no time at all
}

Subscriptions::~Subscriptions() { connection_.hold(Connection::Held::inbox, 0); }

void Subscriptions::count_held() {
  connection_.hold(Connection::Held::inbox,
                   head_.size() + subscriptions_.size() * sizeof(Subscription) + outlets_.held_bytes());
}

std::list<Subscription>::iterator Subscriptions::find(std::string_view sub) {
  return std::find_if(subscriptions_.begin(), subscriptions_.end(),
                      [sub](const Subscription& each) { return each.sub == sub; });
}

/// Asks for it as a request would; what is wrong with that is said in its turn.
void Subscriptions::open(std::string_view target, std::string_view last_event_id, Subscription subscription) {
  const handlers::EnvelopeOptions envelope{.sub = subscription.sub};
  const std::vector<handlers::Field> fields = head_.fields(last_event_id);
  const handlers::Request request{.target = target,
                                  .websocket = protocol_ == Protocol::websocket,
                                  .draining = worker_.draining(),
                                  .loopback = connection_.loopback(),
                                  .fields = fields,
                                  .client = connection_.peer(),
                                  .envelope = &envelope};
  handlers::Response response = respond_to(worker_, request, worker_.source_context());
  if (auto* pull = std::get_if<handlers::Pull>(&response.body)) {
    try {
      subscription.resume_after = std::move(pull->resume_after);
      subscription.stream.emplace(worker_, connection_, std::move(*pull), protocol_, worker_.loop().now());
    } catch (const Failure& failure) {  // a shared stream that cannot be had
      response = handlers::problem(failure);
    }
  }
  if (!subscription.stream) {
    subscription.last_word = last_word_of(response, subscription.sub);
    subscription.may_come_back = may_be_over_soon(response.status);
    if (places_ && response.status == 204) places_->end(subscription.number);
  }
  subscriptions_.push_back(std::move(subscription));
}

// Pumping.

Poll Subscriptions::status() {
  if (outlets_.has_answer()) return Poll::item;
  const auto something = [this](Subscription& each) { return has_something(each); };
  return std::any_of(subscriptions_.begin(), subscriptions_.end(), something) ? Poll::item : Poll::pending;
}

bool Subscriptions::has_something(Subscription& subscription) const {
  using Phase = Subscription::Phase;
  if (!subscription.stream || subscription.stream->asked_to_stop()) return true;
  if (subscription.phase == Phase::fresh) return true;
  if (subscription.phase == Phase::held && worker_.loop().now() >= subscription.held_until) return true;
  if (subscription.phase == Phase::open && subscription.credits == 0) return is_starved(subscription);
  return subscription.stream->status() != Poll::pending;
}

bool Subscriptions::has_news() const noexcept {
  // Whether one that is held can be had may be seen without an item of it.
  return std::any_of(subscriptions_.begin(), subscriptions_.end(), [](const Subscription& each) {
    return each.phase == Subscription::Phase::held || !each.stream || each.stream->asked_to_stop();
  });
}

generators::Event::InChain Subscriptions::wait() {
  const std::chrono::nanoseconds patience = worker_.shared().config.timeouts.write;
  for (Subscription& each : subscriptions_) {
    note_starved(each);
    if (each.starved_since) connection_.wake_at(*each.starved_since + patience);
    if (each.stream && each.credits != 0) each.stream->watch();
    if (each.phase == Subscription::Phase::held) connection_.wake_at(each.held_until);
  }
  return connection_.wake().wait();
}

void Subscriptions::show(handlers::StreamState state) {
  for (Subscription& each : subscriptions_) {
    if (!each.stream) continue;
    each.stream->show(state);
    if (!each.stream->asked_to_stop()) continue;
    each.stream->end_as(PumpEnd::stopped);
    each.last_word = last_word_of(handlers::problem(stopped_by_operator()), each.sub);
    each.may_come_back = true;
    each.stream.reset();
    if (alone()) failure_ = stopped_by_operator();
  }
}

void Subscriptions::show_awaited() noexcept {
  for (Subscription& each : subscriptions_) {
    if (!each.stream) continue;
    if (each.credits == 0) {
      each.stream->show(handlers::StreamState::client);
    } else {
      each.stream->show_awaited();
    }
  }
}

void Subscriptions::end_as(PumpEnd end) noexcept {
  for (Subscription& each : subscriptions_) {
    if (each.stream) each.stream->end_as(end);
  }
}

Step Subscriptions::write(Buffer& out) {
  if (worker_.stopping()) return detail::over(PumpEnd::drained);
  const std::chrono::nanoseconds end = worker_.loop().now() + round_length;
  bool more = false;
  write_published(out);
  for (std::size_t left = subscriptions_.size(); left != 0; --left) {
    const std::size_t before = out.size();
    const bool fresh = subscriptions_.front().phase == Subscription::Phase::fresh;
    const Served served = serve(subscriptions_.front(), out);
    if (served == Served::over) {
      subscriptions_.pop_front();
    } else {
      subscriptions_.splice(subscriptions_.end(), subscriptions_, subscriptions_.begin());
    }
    more |= served == Served::more;
    if (!fresh && out.size() == before) continue;
    if (left == 1 || (!detail::is_batch(out) && worker_.loop().now() < end)) continue;
    more = true;
    break;
  }
  if (const auto common = common_end()) return detail::over(*common);
  return Step{.kind = more ? Step::Kind::more : Step::Kind::wait};
}

void Subscriptions::write_published(Buffer& out) {
  if (!outlets_.has_answer()) return;
  while (const auto answer = outlets_.next()) {
    write_envelope(out, [&] {
      if (answer->problem.empty()) {
        handlers::append_published_as(answer->ref, answer->id, out);
      } else {
        handlers::append_publish_failed(answer->ref, answer->problem, out);
      }
    });
  }
  count_held();
}

/// How the connection ends, once there is nothing more to come on it.
std::optional<PumpEnd> Subscriptions::common_end() const noexcept {
  if (!subscriptions_.empty()) return std::nullopt;
  if (drained_) return PumpEnd::drained;
  if (alone()) return last_end_;
  if (places_) return may_come_back_ ? PumpEnd::failed : PumpEnd::ended;
  if (worker_.draining()) return PumpEnd::drained;
  return std::nullopt;
}

Subscriptions::Served Subscriptions::serve(Subscription& subscription, Buffer& out) {
  if (!subscription.stream) {
    write_envelope(out, [&] { out.append(subscription.last_word); });
    if (!last_end_) last_end_ = PumpEnd::stopped;
    may_come_back_ |= subscription.may_come_back;
    return Served::over;
  }
  const std::size_t before = out.size();
  try {
    if (!is_to_end(subscription) && !may_pull(subscription, out)) return Served::waits;
    return pull(subscription, out);
  } catch (...) {
    out.resize(before);
    return refuse(subscription, out);
  }
}

bool Subscriptions::is_to_end(const Subscription& subscription) const noexcept {
  return subscription.stream->asked_to_stop() ||
         (worker_.draining() && !subscription.stream->options().finite);
}

/// Where `slow` is `block`, whoever takes nothing may hold up the others for as long as a client may whose
/// socket takes nothing.
bool Subscriptions::holds_up_others(Subscription& subscription) const {
  if (!subscription.stream || subscription.phase != Subscription::Phase::open) return false;
  const Subscriber* subscriber = subscription.stream->subscriber();
  return subscription.credits == 0 && subscriber != nullptr &&
         subscriber->cursor.log().options().slow == generators::SlowPolicy::block &&
         subscription.stream->status() != Poll::pending;
}

void Subscriptions::note_starved(Subscription& subscription) const {
  if (!holds_up_others(subscription)) {
    subscription.starved_since.reset();
  } else if (!subscription.starved_since) {
    subscription.starved_since = worker_.loop().now();
  }
}

bool Subscriptions::is_starved(const Subscription& subscription) const {
  return subscription.credits == 0 && subscription.starved_since &&
         worker_.loop().now() >= *subscription.starved_since + worker_.shared().config.timeouts.write;
}

/// Lets it begin, if it has not. Throws what it cannot be had for.
bool Subscriptions::may_pull(Subscription& subscription, Buffer& out) {
  if (is_starved(subscription))
    throw Failure(generators::FailureKind::too_slow, "no more items were requested, while others wait");
  if (subscription.phase == Subscription::Phase::fresh) begin(subscription);
  if (subscription.phase == Subscription::Phase::held) {
    if (!is_decided(subscription)) return false;
    announce(subscription, out);
  }
  return subscription.credits != 0 && subscription.stream->status() != Poll::pending;
}

void Subscriptions::begin(Subscription& subscription) {
  subscription.stream->begin();
  subscription.stream->want_position();
  subscription.phase = Subscription::Phase::held;
  subscription.held_until = worker_.loop().now() + subscription.stream->options().first_item;
}

/// Whether a response would have its status by now.
bool Subscriptions::is_decided(Subscription& subscription) {
  return subscription.stream->under_way() || subscription.stream->status() != Poll::pending ||
         worker_.loop().now() >= subscription.held_until;
}

void Subscriptions::announce(Subscription& subscription, Buffer& out) {
  Stream& stream = *subscription.stream;
  if (stream.status() == Poll::done) stream.rethrow_failure();
  // Resumed where it was, it can be told again what is missing there.
  const std::string position =
      subscription.resume_after.empty() ? stream.position() : std::exchange(subscription.resume_after, {});
  if (places_) places_->pass(subscription.number, position);
  write_envelope(out, [&] { stream.encoder().position(position, out); });
  subscription.phase = Subscription::Phase::open;
}

Subscriptions::Served Subscriptions::pull(Subscription& subscription, Buffer& out) {
  Stream& stream = *subscription.stream;
  EnvelopeFraming framing(*this, subscription);
  Share share(worker_.loop(), subscription.credits, out);
  const std::size_t before = out.size();
  const Step step = detail::write_batch(stream, framing, out, share);
  stream.count(share.items(), out.size() - before);
  if (step.kind == Step::Kind::wait) return Served::waits;
  if (step.kind == Step::Kind::more) return Served::more;
  stream.end_as(step.end);
  last_end_ = step.end;
  drained_ |= step.end == PumpEnd::drained;
  return Served::over;
}

/// It could not begin. Within a catch block.
Subscriptions::Served Subscriptions::refuse(Subscription& subscription, Buffer& out) {
  Stream& stream = *subscription.stream;
  EnvelopeFraming(*this, subscription).failed(stream.encoder(), stream.failure(), out);
  stream.end_as(StreamEnd::refused);
  last_end_ = PumpEnd::failed;
  return Served::over;
}

template <class Write>
void Subscriptions::write_envelope(Buffer& out, Write write) {
  if (places_) {
    out.append("data: ");
    write();
    out.append("\nid: ");
    places_->write(out);
    out.append("\n\n");
    return;
  }
  websocket::FrameWriter frame(out, websocket::Opcode::text);
  try {
    write();
  } catch (...) {
    frame.abandon();
    throw;
  }
  frame.end();
}

}  // namespace coyield::server
