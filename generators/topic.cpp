#include <coyield/generators/topic.hpp>

#include <algorithm>
#include <coyield/generators/log_turn.hpp>
#include <utility>

namespace coyield::generators {

namespace {

/// Items of one publisher in a row, while others wait.
constexpr int items_in_a_row = 64;

Failure too_many(std::string_view whose, const Rate& rate, std::chrono::nanoseconds wait) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(rate.within).count();
  return Failure(FailureKind::too_many, std::string(whose) + " may publish " + std::to_string(rate.items) +
                                            " items in " + std::to_string(milliseconds) + " ms here")
      .retry_after(wait);
}

}  // namespace

std::shared_ptr<Topic> Topic::make(Loop& loop, TopicOptions options) {
  return std::shared_ptr<Topic>(new Topic(loop, std::move(options)));
}

Topic::Topic(Loop& loop, TopicOptions options)
    : SharedLog(loop, {.replay = options.replay, .queue = options.queue, .slow = options.slow},
                options.epoch),
      options_(std::move(options)) {
  if (options_.rate) bucket_.emplace(*options_.rate);
}

Topic::~Topic() = default;

Published Topic::publish(const Item& item, std::string_view key, std::string_view client) {
  const std::chrono::nanoseconds now = loop().now();
  std::uint64_t fingerprint = 0;
  if (!key.empty()) {
    fingerprint = IdempotencyKeys::fingerprint_of(item);
    if (const auto* known = keys_.find(key, now)) {
      if (known->fingerprint == fingerprint) return {.id = known->id};
      return {.failure = Failure(FailureKind::unprocessable, "the Idempotency-Key \"" + std::string(key) +
                                                                 "\" has been used for another item")};
    }
  }
  if (auto refusal = refuse_for_rate(client, now)) return {.failure = std::move(refusal)};
  append(item);
  std::string id = position_of(log().end());
  if (!key.empty()) keys_.remember(key, fingerprint, id, now);
  if (!pump_.scheduled()) loop().soon(pump_);
  return {.id = std::move(id)};
}

/// Both rates have to allow it, and only then does it count for both.
std::optional<Failure> Topic::refuse_for_rate(std::string_view client, std::chrono::nanoseconds now) {
  TokenBucket* own = bucket_of(client, now);
  if (own != nullptr && own->wait(now).count() > 0)
    return too_many("one client", *options_.client_rate, own->wait(now));
  if (bucket_ && bucket_->wait(now).count() > 0)
    return too_many("all clients together", *options_.rate, bucket_->wait(now));
  if (own != nullptr) own->take(now);
  if (bucket_) bucket_->take(now);
  return std::nullopt;
}

/// Those that are full again are forgotten, when there are twice as many as were left the last time.
TokenBucket* Topic::bucket_of(std::string_view client, std::chrono::nanoseconds now) {
  if (!options_.client_rate || client.empty()) return nullptr;
  if (const auto found = clients_.find(client); found != clients_.end()) return &found->second;
  if (clients_.size() >= clients_looked_through_at_) {
    std::erase_if(clients_, [now](const auto& each) { return each.second.full(now); });
    clients_looked_through_at_ = std::max<std::size_t>(64, 2 * clients_.size());
  }
  return &clients_.emplace(client, *options_.client_rate).first->second;
}

void Topic::submit_soon(Submitter& submitter) {
  if (!submitter.is_linked()) submitters_.push_back(submitter);
  if (!blocked_ && !pump_.scheduled()) loop().soon(pump_);
}

void Topic::take_some() {
  const std::shared_ptr<SharedLog> kept = shared_from_this();
  const LogTurn turn(loop(), *this);
  blocked_ = false;
  while (!submitters_.empty() && !turn.over()) {
    if (blocked()) {
      blocked_ = true;
      break;
    }
    take_from(submitters_.front(), turn);
  }
  tell_all();
  if (!submitters_.empty() && !blocked_) loop().soon(pump_);
}

/// Some items of the one that waits longest, which waits behind the others then.
void Topic::take_from(Submitter& submitter, const LogTurn& turn) {
  submitters_.pop_front();
  bool more = true;
  for (int i = 0; i < items_in_a_row && more && !turn.over() && !blocked(); ++i)
    more = submitter.submit_one(*this);
  if (more) submitters_.push_back(submitter);
  submitter.turn_ended();
}

void Topic::advanced() noexcept {
  if (!blocked_ || blocked()) return;
  blocked_ = false;
  loop().soon(pump_);
}

bool Topic::forgettable() {
  const std::chrono::nanoseconds now = loop().now();
  const auto full = [now](const auto& each) { return each.second.full(now); };
  return replay_first() == log().end() && keys_.empty(now) && (!bucket_ || bucket_->full(now)) &&
         std::all_of(clients_.begin(), clients_.end(), full);
}

void Topic::become_idle() noexcept {
  if (idle() && on_idle_) on_idle_();
}

}  // namespace coyield::generators
