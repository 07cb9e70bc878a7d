#pragma once

#include <coyield/handlers/response.hpp>
#include <coyield/server/shares.hpp>
#include <coyield/server/websocket/inbox.hpp>
#include <memory>
#include <optional>
#include <string_view>

namespace coyield::server {

class Worker;

/// Publishes the messages of a WebSocket client: a text as JSON where it is some, else as text, and binary
/// ones as bytes.
///
/// While the topic takes them no faster, because of its rate or of who reads it, nothing is read from the
/// client. One that is not taken is the end of the connection, since there is no way to tell of it alone.
class PublishingSink final : public MessageSink {
 public:
  PublishingSink(Worker& worker, Connection& connection,
                 std::unique_ptr<const handlers::Publication> publication);
  ~PublishingSink() override;

  void push(generators::PayloadKind kind, std::string_view payload) override;
  bool full() const noexcept override;
  void close() noexcept override;
  bool settled() override;
  std::optional<generators::Failure> refusal() override;

 private:
  void take_answers();
  void refuse(generators::Failure failure);

  Worker& worker_;
  Connection& connection_;
  const std::unique_ptr<const handlers::Publication> publication_;
  PublisherPtr publisher_;  // from the first message on
  std::optional<generators::Failure> refusal_;
};

}  // namespace coyield::server
