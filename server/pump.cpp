#include <coyield/server/pump.hpp>

namespace coyield::server {

using generators::Failure;
using generators::FailureKind;

Stream::Stream(Worker& worker, Connection& connection, handlers::Pull pull, Protocol protocol,
               std::chrono::nanoseconds began)
    : worker_(worker),
      place_(worker.roster().add(connection, *pull.options, protocol, began)),
      consumer_(worker.loop(), std::move(pull.generator)),
      encoder_(std::move(pull.encoder)),
      start_(std::move(pull.start)) {
  connection.forget_stop();
}

Failure Stream::failure() const {
  const Log& log = worker_.shared().log;
  try {
    throw;
  } catch (const Failure& failure) {
    log.info(
        "failed",
        {{"endpoint", options().endpoint}, {"client", connection().peer()}, {"reason", failure.message()}});
    return failure;
  } catch (const std::exception& error) {
    log.error("failed",
              {{"endpoint", options().endpoint}, {"client", connection().peer()}, {"error", error.what()}});
  } catch (...) {
    log.error(
        "failed",
        {{"endpoint", options().endpoint}, {"client", connection().peer()}, {"error", "not an exception"}});
  }
  return Failure(FailureKind::internal, "the stream has failed; the reason is in the server's log");
}

generators::Event::InChain Stream::wait() {
  consumer_.on_ready(
      [](void* connection, bool /*dropped*/) { static_cast<Connection*>(connection)->wake().set(); },
      &connection());
  return connection().wake().wait();
}

void Stream::say_start(std::uint64_t items, generators::Buffer& out) {
  const bool known = start_ != nullptr && !start_->id.empty();
  if (items == 0 && known) encoder_->position(start_->id, out);
  if (items != 0 || known) start_.reset();
}

void Stream::show_awaited() noexcept {
  using generators::Awaited;
  using handlers::StreamState;
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

void Stream::count(std::uint64_t items, std::size_t bytes) noexcept {
  EndpointCounters& counters = worker_.roster().counters(*place_);
  counters.bytes.add(bytes);
  place_->bytes.add(bytes);
  if (items == 0) return;
  if (place_->items.value() == 0) counters.add_first_item(worker_.loop().now() - place_->started);
  counters.items.add(items);
  place_->items.add(items);
}

void Stream::end_as(PumpEnd end) noexcept {
  using handlers::StreamEnd;
  switch (end) {
    case PumpEnd::ended:
      return end_as(StreamEnd::ended);
    case PumpEnd::failed:
      return end_as(StreamEnd::failed);
    case PumpEnd::drained:
      return end_as(StreamEnd::drained);
    case PumpEnd::left:  // or was made to leave: it held too much of the memory for all
      return end_as(connection().dropped() ? StreamEnd::slow : StreamEnd::left);
    case PumpEnd::slow:
      return end_as(StreamEnd::slow);
    case PumpEnd::stopped:
      return end_as(StreamEnd::stopped);
    case PumpEnd::refused:
      return end_as(StreamEnd::refused);
  }
}

Failure stopped_by_operator() { return Failure(FailureKind::unavailable, "stopped by the operator"); }

PumpEnd drop_slow(Worker& worker, const Connection& connection, std::string_view reason) {
  worker.shared().counters.dropped_slow.add();
  worker.shared().log.info("dropped", {{"client", connection.peer()}, {"reason", reason}});
  return PumpEnd::slow;
}

}  // namespace coyield::server
