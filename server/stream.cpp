#include <coyield/server/stream.hpp>

namespace coyield::server {

using generators::Failure;
using generators::FailureKind;

namespace {

std::unique_ptr<Subscriber> subscriber_of(Worker& worker, Connection& connection, handlers::Pull& pull) {
  if (pull.subscription && pull.operators) {
    pull.generator =
        pull.operators(worker.shares().subscribe_to(std::move(pull.subscription), pull.options->number));
  }
  if (!pull.subscription) return nullptr;
  return std::make_unique<Subscriber>(worker.shares(), std::move(pull.subscription), *pull.options,
                                      connection.wake());
}

generators::Consumer<generators::Item> consumer_of(Worker& worker, handlers::Pull& pull, bool shared) {
  if (shared) return {};
  return {worker.loop(), std::move(pull.generator)};
}

}  // namespace

Stream::Stream(Worker& worker, Connection& connection, handlers::Pull pull, Protocol protocol,
               std::chrono::nanoseconds began)
    : worker_(worker),
      subscriber_(subscriber_of(worker, connection, pull)),
      place_(worker.roster().add(connection, *pull.options, subscriber_.get(), std::move(pull.trace),
                                 protocol, began)),
      consumer_(consumer_of(worker, pull, subscriber_ != nullptr)),
      encoder_(std::move(pull.encoder)),
      start_(std::move(pull.start)),
      says_place_(subscriber_ && pull.options->says_position) {}

Failure Stream::failure() {
  const Log& log = worker_.shared().log;
  const auto note = [this](std::string_view kind, std::string_view reason) {
    if (shared_failure()) return;  // its home has noted it for all
    worker_.shared().failures.add(options().endpoint, connection().peer(), kind, reason);
  };
  try {
    throw;
  } catch (const Failure& failure) {
    note(failure.kind() == FailureKind::too_slow ? "slow" : "failed", failure.message());
    log.info(
        "failed",
        {{"endpoint", options().endpoint}, {"client", connection().peer()}, {"reason", failure.message()}});
    too_slow_ = failure.kind() == FailureKind::too_slow;
    return failure;
  } catch (const std::exception& error) {
    note("error", error.what());
    log.error("failed",
              {{"endpoint", options().endpoint}, {"client", connection().peer()}, {"error", error.what()}});
  } catch (...) {
    note("error", "not an exception");
    log.error(
        "failed",
        {{"endpoint", options().endpoint}, {"client", connection().peer()}, {"error", "not an exception"}});
  }
  return Failure(FailureKind::internal, "the stream has failed; the reason is in the server's log");
}

bool Stream::shared_failure() const noexcept {
  return subscriber_ && !consumer_ && subscriber_->cursor.log().failure();
}

generators::Poll Stream::status() const noexcept {
  using generators::Poll;
  using Next = generators::Cursor::Step;
  if (consumer_) return consumer_.status();
  const Next next = subscriber_->cursor.peek();
  return next == Next::wait ? Poll::pending : next == Next::end ? Poll::done : Poll::item;
}

void Stream::rethrow_failure() {
  if (consumer_) {
    consumer_.item();
  } else if (const auto& failure = subscriber_->cursor.log().failure()) {
    std::rethrow_exception(failure);
  }
}

void Stream::settle() {
  subscriber_->cursor.settle();
  const std::string* behind = subscriber_->cursor.outside();
  if (behind == nullptr || consumer_) return;
  consumer_ = generators::Consumer<generators::Item>(worker_.loop(),
                                                     subscriber_->make(worker_.source_context(*behind)));
  primed_ = consumer_.poll() == generators::Poll::item;
}

bool Stream::under_way() {
  if (!subscriber_) return false;
  settle();
  return !consumer_ && subscriber_->cursor.begun() && subscriber_->cursor.log().log().end() != 0;
}

void Stream::watch() noexcept {
  if (!consumer_) return;  // its cursor does
  consumer_.on_ready(
      [](void* connection, bool /*dropped*/) { static_cast<Connection*>(connection)->wake().set(); },
      &connection());
}

std::string Stream::position() const {
  if (subscriber_) return subscriber_->cursor.position();
  return start_ != nullptr ? start_->id : std::string();
}

void Stream::want_position() {
  if (subscriber_ && position().empty()) subscriber_->cursor.log().want_start_position();
}

bool Stream::start_known() const {
  if (says_place_) return !subscriber_->cursor.position().empty();
  return start_ != nullptr && !start_->id.empty();
}

void Stream::say_start(std::uint64_t items, generators::Buffer& out) {
  if (says_place_) {
    const std::string place = items == 0 ? subscriber_->cursor.position() : std::string();
    if (!place.empty()) encoder_->position(place, out);
    says_place_ = items == 0 && place.empty();
    if (says_place_) subscriber_->cursor.log().want_start_position();
    return;
  }
  const bool known = start_ != nullptr && !start_->id.empty();
  if (items == 0 && known) encoder_->position(start_->id, out);
  if (items != 0 || known) start_.reset();
}

void Stream::show_awaited() noexcept {
  using generators::Awaited;
  using handlers::StreamState;
  if (!consumer_) return show(StreamState::event);
  if (place_->trace) place_->trace->note_awaited();
  switch (consumer_.awaited()) {
    case Awaited::nothing:
      return show(StreamState::running);
    case Awaited::timer:
      return show(StreamState::timer);
    case Awaited::operation:
      return show(StreamState::operation);
    case Awaited::event:
      return show(StreamState::event);
  }
}

void Stream::note_place(bool gap) noexcept {
  subscriber_->note(worker_.loop().now());
  if (gap) worker_.roster().counters(*place_).gaps.add(1);
}

void Stream::count(std::uint64_t items, std::size_t bytes) noexcept {
  EndpointCounters& counters = worker_.roster().counters(*place_);
  counters.bytes.add(bytes);
  place_->bytes.add(bytes);
  if (items == 0) return;
  const std::chrono::nanoseconds now = worker_.loop().now();
  if (place_->items.value() == 0) counters.add_first_item(now - place_->started);
  place_->last_item.set(static_cast<std::uint64_t>(now.count()));
  counters.items.add(items);
  place_->items.add(items);
}

void Stream::end_as(PumpEnd end) noexcept {
  using handlers::StreamEnd;
  switch (end) {
    case PumpEnd::ended:
      return end_as(StreamEnd::ended);
    case PumpEnd::failed:
      return end_as(too_slow_ ? StreamEnd::slow : StreamEnd::failed);
    case PumpEnd::drained:
      return end_as(StreamEnd::drained);
    case PumpEnd::left:  // or was made to leave: it held too much of the memory for all
      if (!connection().dropped()) return end_as(StreamEnd::left);
      note_slow("it held too much of the memory for all");
      return end_as(StreamEnd::slow);
    case PumpEnd::slow:
      note_slow("the client took too little, or did not answer");
      return end_as(StreamEnd::slow);
    case PumpEnd::stopped:
      return end_as(StreamEnd::stopped);
    case PumpEnd::refused:
      return end_as(StreamEnd::refused);
  }
}

void Stream::note_slow(std::string_view reason) noexcept {
  worker_.shared().failures.add(options().endpoint, connection().peer(), "slow", reason);
}

PumpEnd drop_slow(Worker& worker, const Connection& connection, std::string_view reason) {
  worker.shared().counters.dropped_slow.add();
  worker.shared().log.info("dropped", {{"client", connection.peer()}, {"reason", reason}});
  return PumpEnd::slow;
}

}  // namespace coyield::server
