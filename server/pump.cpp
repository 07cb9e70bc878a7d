#include <coyield/server/pump.hpp>

namespace coyield::server {

using generators::Failure;
using generators::FailureKind;

Stream::Stream(Worker& worker, Connection& connection, handlers::Pull pull)
    : worker_(worker),
      connection_(connection),
      consumer_(worker.loop(), std::move(pull.generator)),
      encoder_(std::move(pull.encoder)),
      options_(pull.options) {}

Failure Stream::failure() const {
  const Log& log = worker_.shared().log;
  try {
    throw;
  } catch (const Failure& failure) {
    log.info(
        "failed",
        {{"endpoint", options_->endpoint}, {"client", connection_.peer()}, {"reason", failure.message()}});
    return failure;
  } catch (const std::exception& error) {
    log.error("failed",
              {{"endpoint", options_->endpoint}, {"client", connection_.peer()}, {"error", error.what()}});
  } catch (...) {
    log.error(
        "failed",
        {{"endpoint", options_->endpoint}, {"client", connection_.peer()}, {"error", "not an exception"}});
  }
  return Failure(FailureKind::internal, "the stream has failed; the reason is in the server's log");
}

generators::Event::InChain Stream::wait() {
  consumer_.on_ready(
      [](void* connection, bool /*dropped*/) { static_cast<Connection*>(connection)->wake().set(); },
      &connection_);
  return connection_.wake().wait();
}

PumpEnd drop_slow(Worker& worker, const Connection& connection, std::string_view reason) {
  worker.shared().counters.dropped_slow.add();
  worker.shared().log.info("dropped", {{"client", connection.peer()}, {"reason", reason}});
  return PumpEnd::slow;
}

}  // namespace coyield::server
