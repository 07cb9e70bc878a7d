#include <coyield/server/http/long_poll.hpp>

#include <coyield/handlers/formats/sse.hpp>
#include <coyield/server/batch.hpp>
#include <utility>

namespace coyield::server {

namespace {

using generators::Buffer;
using generators::Encoder;
using generators::Failure;
using generators::Item;
using handlers::Response;

/// Keeps the id of the last item. What the stream fails with behind its items, the client finds out when it
/// asks again.
class PollFraming {
 public:
  void open(Buffer& /*out*/) {}
  void item(Encoder& encoder, const Item& item, Buffer& out) {
    encoder.item(item, out);
    if (!generators::is_gap(item)) last_id_ = item.id();
    empty_ = false;
  }
  static Inbound heartbeat(Encoder& /*encoder*/, Buffer& /*out*/) { return Inbound::go_on; }
  void end(Encoder& encoder, Buffer& out) {
    encoder.end(out);
    ended_ = true;
  }
  static void failed(Encoder& /*encoder*/, const Failure& /*failure*/, Buffer& /*out*/) {}
  static void draining(Encoder& /*encoder*/, Buffer& /*out*/) {}
  bool nothing_sent() const noexcept { return empty_; }
  /// Each has its id looked at.
  static bool itemwise() noexcept { return false; }
  static std::string_view seal(Buffer& out) { return out.view(); }
  static Inbound received() { return Inbound::go_on; }
  static bool has_news() noexcept { return false; }

  const std::string& last_id() const noexcept { return last_id_; }
  bool empty() const noexcept { return empty_; }
  bool ended() const noexcept { return ended_; }

 private:
  std::string last_id_;
  bool empty_ = true;
  bool ended_ = false;
};

/// What to go on behind. `position` is where the stream was in front of all items. Behind them a log knows
/// best, which has been behind its gaps, too: who asks again must not be told of them again.
std::string place_of(const Stream& stream, const PollFraming& poll, const std::string& position,
                     const std::string& resume_after) {
  if (poll.ended()) return std::string(handlers::sse_end_id);
  if (stream.subscriber() != nullptr) {
    if (std::string behind = stream.position(); !behind.empty()) return behind;
  }
  if (!poll.last_id().empty()) return poll.last_id();
  return position.empty() ? resume_after : position;
}

}  // namespace

Response poll_once(Stream& stream, Response response, const std::string& resume_after) {
  PollFraming poll;
  Buffer& out = stream.worker().out();
  stream.begin_encoding(out);
  detail::Turn turn(stream.worker().loop());
  const std::string position = stream.position();  // in front of all items
  const Step step = detail::write_batch(stream, poll, out, turn);
  if (step.refused()) {
    stream.end_as(handlers::StreamEnd::refused);
    Response refused = handlers::problem(stream.refusal());
    refused.fields.add(response.fields);
    return refused;
  }
  if (!poll.ended()) stream.encoder().pause(out);
  const std::string place = place_of(stream, poll, position, resume_after);
  if (!place.empty()) response.fields.add("Last-Event-ID", place);
  if (poll.empty()) {
    response.status = 204;
    response.body = std::monostate();
  } else {
    response.body = std::string(out.view());
  }
  stream.count(turn.items(), out.size());
  stream.end_as(handlers::StreamEnd::ended);
  return response;
}

}  // namespace coyield::server
