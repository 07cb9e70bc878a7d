#include <coyield/generators/idempotency.hpp>

#include <coyield/generators/item.hpp>
#include <functional>
#include <utility>

namespace coyield::generators {

const IdempotencyKeys::Known* IdempotencyKeys::find(std::string_view key, std::chrono::nanoseconds now) {
  forget_old(now);
  const auto found = known_.find(std::string(key));
  return found != known_.end() ? &found->second : nullptr;
}

void IdempotencyKeys::remember(std::string_view key, std::uint64_t fingerprint, std::string id,
                               std::chrono::nanoseconds now) {
  const auto [place, fresh] =
      known_.try_emplace(std::string(key), Known{.fingerprint = fingerprint, .id = std::move(id), .at = now});
  if (fresh) in_order_.push_back(&place->first);  // which stays where it is, whatever is added
}

bool IdempotencyKeys::empty(std::chrono::nanoseconds now) {
  forget_old(now);
  return known_.empty();
}

void IdempotencyKeys::forget_old(std::chrono::nanoseconds now) {
  while (!in_order_.empty()) {
    const auto oldest = known_.find(*in_order_.front());
    if (in_order_.size() <= most_keys && now - oldest->second.at < memory) return;
    in_order_.pop_front();
    known_.erase(oldest);
  }
}

std::uint64_t IdempotencyKeys::fingerprint_of(const Item& item) {
  Buffer payload;
  item.write_payload(payload);
  return std::hash<std::string_view>()(payload.view()) + static_cast<std::uint64_t>(item.kind());
}

}  // namespace coyield::generators
