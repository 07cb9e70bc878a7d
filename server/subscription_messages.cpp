#include <algorithm>
#include <coyield/config/mistake.hpp>
#include <coyield/handlers/formats/envelope.hpp>
#include <coyield/server/subscriptions.hpp>
#include <limits>
#include <utility>

// What a client says in the protocol `coyield.v1`, and what it is answered at once. A failure with `sub` ends
// that subscription in the client's eyes: so what is wrong with a message about one that runs, or about one
// whose end may be on the way, is said without.

namespace coyield::server {

using generators::Buffer;
using generators::PayloadKind;

namespace {

std::string problem_text(unsigned status, std::string_view detail) {
  Buffer text;
  handlers::append_problem(status, detail, text);
  return std::string(text.view());
}

/// Appends a message that `write` writes.
template <class Write>
void answer(Buffer& answers, Write write) {
  websocket::FrameWriter frame(answers, websocket::Opcode::text);
  write();
  frame.end();
}

void answer_failed(std::string_view sub, unsigned status, std::string_view detail, Buffer& answers) {
  answer(answers, [&] { handlers::append_failed(sub, problem_text(status, detail), answers); });
}

void answer_publish_failed(std::string_view ref, unsigned status, std::string_view detail, Buffer& answers) {
  answer(answers, [&] { handlers::append_publish_failed(ref, problem_text(status, detail), answers); });
}

}  // namespace

std::string Subscriptions::take(PayloadKind kind, std::string_view payload, Buffer& answers) {
  handlers::ClientMessage message = kind == PayloadKind::text
                                        ? handlers::parse_client_message(payload, scope_)
                                        : handlers::Nonsense{.detail = "a message is text, not binary"};
  std::visit([&](auto& each) { take(std::move(each), answers); }, message);
  count_held();
  connection_.wake().set();
  return nonsense_ > most_nonsense ? "too many messages that make no sense" : std::string();
}

void Subscriptions::take(handlers::Nonsense&& message, Buffer& answers) {
  ++nonsense_;
  if (!message.ref.empty()) return answer_publish_failed(message.ref, 400, message.detail, answers);
  // One that runs has not failed by it.
  const bool begins = !message.sub.empty() && find(message.sub) == subscriptions_.end();
  answer_failed(begins ? message.sub : std::string(), 400, message.detail, answers);
}

void Subscriptions::take(handlers::Subscribe&& message, Buffer& answers) {
  if (find(message.sub) != subscriptions_.end()) {
    ++nonsense_;
    return answer_failed({}, 400, "the subscription " + config::in_quotes(message.sub) + " is open already",
                         answers);
  }
  if (subscriptions_.size() >= most) {
    return answer_failed(
        message.sub, 429,
        "this connection has all of the " + std::to_string(most) + " subscriptions that it may have",
        answers);
  }
  if (worker_.draining())
    return answer_failed(message.sub, 503, "the server is going away; try again", answers);
  if (message.target.size() > worker_.shared().config.limits.max_target)
    return answer_failed(message.sub, 414, "the target is too long", answers);
  open(message.target, message.last_event_id, {.sub = std::move(message.sub), .credits = message.request});
}

void Subscriptions::take(handlers::RequestItems&& message, Buffer& answers) {
  const auto found = find(message.sub);
  if (found == subscriptions_.end()) {  // its end may be on the way to the client
    return answer_failed({}, 404, "there is no subscription " + config::in_quotes(message.sub), answers);
  }
  const std::uint64_t before = found->credits.value_or(0);
  found->credits = before + std::min(message.items, std::numeric_limits<std::uint64_t>::max() - before);
}

void Subscriptions::take(handlers::Unsubscribe&& message, Buffer& answers) {
  const auto found = find(message.sub);
  if (found != subscriptions_.end()) subscriptions_.erase(found);
  answer(answers, [&] { handlers::append_unsubscribed(message.sub, answers); });
}

void Subscriptions::take(handlers::Publish&& message, Buffer& answers) {
  if (worker_.draining())
    return answer_publish_failed(message.ref, 503, "the server is going away; try again", answers);
  outlets_.publish(std::move(message));
}

}  // namespace coyield::server
