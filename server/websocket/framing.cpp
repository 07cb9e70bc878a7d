#include <coyield/server/websocket/framing.hpp>

#include <utility>

namespace coyield::server {

using generators::Buffer;
using generators::Encoder;
using generators::Failure;
using generators::Item;
using generators::PayloadKind;
using websocket::CloseCode;
using websocket::Event;
using websocket::Opcode;

namespace {

/// More than this of pongs and the like that the client does not take: nothing more is read from it.
constexpr std::size_t max_unsent_answers = 64 * 1024;

websocket::Decoder::Options decoder_options(const handlers::StreamOptions& options,
                                            const std::optional<websocket::DeflateParams>& deflate) {
  websocket::Decoder::Options result;
  result.max_message = options.max_message;
  result.deflate = deflate;
  return result;
}

}  // namespace

WebSocketFraming::WebSocketFraming(Worker& worker, Connection& connection,
                                   const handlers::StreamOptions& options, std::shared_ptr<MessageSink> sink,
                                   const std::optional<websocket::DeflateParams>& deflate)
    : worker_(worker),
      connection_(connection),
      decoder_(decoder_options(options, deflate)),
      max_item_(options.max_item),
      sink_(std::move(sink)),
      deflater_(deflate ? std::make_unique<websocket::Deflater>(deflate->server) : nullptr) {}

WebSocketFraming::~WebSocketFraming() {
  if (sink_) sink_->close();
}

void WebSocketFraming::compressed_item(Encoder& encoder, const Item& item, Opcode opcode, Buffer& out) {
  Buffer plain(256);
  encoder.item(item, plain);
  if (plain.size() > max_item_) refuse_too_long(item, plain.size(), max_item_);
  websocket::FrameWriter frame(out, opcode, websocket::Coding::deflated);
  deflater_->compress(plain.view(), out);
  frame.end();
  count_contexts();
}

/// Of zlib, in both directions.
void WebSocketFraming::count_contexts() {
  connection_.hold(Connection::Held::coding, deflater_->held_bytes() + decoder_.inflater_bytes());
}

Inbound WebSocketFraming::heartbeat(Encoder& /*encoder*/, Buffer& out) {
  // A client that is not read cannot be heard.
  if (!std::exchange(heard_, false) && has_room(0)) return Inbound::left;
  if (closing_.may_send()) websocket::append_frame(out, Opcode::ping, {});
  return Inbound::go_on;
}

void WebSocketFraming::end(Encoder& encoder, Buffer& out) {
  encoder.end(out);
  append_close(CloseCode::normal, "end", out);
}

void WebSocketFraming::failed(Encoder& encoder, const Failure& failure, Buffer& out) {
  encoder.failed(failure, out);
  using generators::FailureKind;
  const bool can_come_back = failure.kind() == FailureKind::too_slow || failure.kind() == FailureKind::gone;
  append_close(can_come_back ? CloseCode::try_again_later : CloseCode::internal_error, failure.message(),
               out);
}

void WebSocketFraming::draining(Encoder& encoder, Buffer& out) {
  encoder.draining(out);
  append_close(CloseCode::going_away, "the server is going away", out);
}

void WebSocketFraming::append_close(CloseCode code, std::string_view reason, Buffer& out) {
  if (closing_.send()) websocket::append_close(out, code, reason);
}

Inbound WebSocketFraming::received() {
  if (connection_.dropped()) return Inbound::left;
  if (refuse_messages() == Inbound::left) return Inbound::left;
  if (!has_room(0)) {
    connection_.watch_breaking();
    return connection_.broken() ? Inbound::left : Inbound::go_on;
  }
  if (!connection_.readable()) return Inbound::go_on;
  const auto read = connection_.read_some(worker_.in());
  if (read.status == Connection::ReadStatus::nothing) return Inbound::go_on;
  if (read.status == Connection::ReadStatus::closed) return Inbound::left;
  const Inbound result = take_all(worker_.in().first(read.size));
  if (connection_.readable() && has_room(0)) connection_.wake_soon();
  return result;
}

/// Where one of them was not taken, the client is told, and may not stay: it could not know which.
Inbound WebSocketFraming::refuse_messages() {
  if (!sink_ || !closing_.may_send()) return Inbound::go_on;
  const auto refusal = sink_->refusal();
  if (!refusal) return Inbound::go_on;
  using generators::FailureKind;
  const CloseCode code = refusal->kind() == FailureKind::too_large     ? CloseCode::message_too_big
                         : refusal->kind() == FailureKind::unavailable ? CloseCode::try_again_later
                                                                       : CloseCode::policy_violation;
  Buffer answers;
  const Inbound result = close(code, refusal->message(), answers);
  connection_.send(answers.view());
  return result;
}

/// Whether there is a place for what the client says next. Without one, what wakes the session is the
/// generator that takes a message, or the client that takes its answers.
bool WebSocketFraming::has_room(std::size_t answers) const noexcept {
  if (connection_.unsent() + answers > max_unsent_answers) return false;
  if (!closing_.may_send()) return true;
  return (!sink_ || !sink_->full()) && (receiver_ == nullptr || !receiver_->full());
}

/// Goes on behind a fault: the client's own close may be next.
Inbound WebSocketFraming::take_all(std::span<char> bytes) {
  heard_ = true;
  Buffer answers;
  Inbound result = Inbound::go_on;
  decoder_.feed(bytes);
  while (const Event event = decoder_.next()) {
    if (take(event, answers) == Inbound::left) result = Inbound::left;
    // A few bytes can be thousands of messages, and each of those, inflated, a thousand times its size.
    if (has_room(answers.size())) continue;
    connection_.put_back(decoder_.take_unused());
    break;
  }
  connection_.hold(Connection::Held::message, decoder_.held_bytes());
  if (deflater_) count_contexts();
  return connection_.send(answers.view()) ? result : Inbound::left;
}

Inbound WebSocketFraming::take(const Event& event, Buffer& answers) {
  switch (event.kind) {
    case Event::Kind::text:
      return take_message(PayloadKind::text, event.payload, answers);
    case Event::Kind::binary:
      return take_message(PayloadKind::bytes, event.payload, answers);
    case Event::Kind::ping:
      if (closing_.may_send()) websocket::append_frame(answers, Opcode::pong, event.payload);
      return Inbound::go_on;
    case Event::Kind::close:
      if (const auto echo = closing_.receive(event.code)) websocket::append_close(answers, *echo);
      return Inbound::left;
    case Event::Kind::error:
      return close(event.code, event.payload, answers);
    case Event::Kind::pong:
    case Event::Kind::none:
      return Inbound::go_on;
  }
  return Inbound::go_on;
}

Inbound WebSocketFraming::take_message(PayloadKind kind, std::string_view payload, Buffer& answers) {
  if (!closing_.may_send()) return Inbound::go_on;  // too late for the generator
  if (receiver_ != nullptr) {
    const std::string reason = receiver_->take(kind, payload, answers);
    return reason.empty() ? Inbound::go_on : close(CloseCode::policy_violation, reason, answers);
  }
  if (!sink_) return close(CloseCode::policy_violation, "this endpoint takes no messages", answers);
  sink_->push(kind, payload);
  return Inbound::go_on;
}

Inbound WebSocketFraming::close(CloseCode code, std::string_view reason, Buffer& answers) {
  worker_.shared().log.debug("refused", {{"client", connection_.peer()}, {"reason", reason}});
  append_close(code, reason, answers);
  return Inbound::left;
}

}  // namespace coyield::server
