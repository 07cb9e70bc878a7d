#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace coyield::generators {

class Item;

/// What has been published under which key, so that the same again is known again (the Idempotency-Key header
/// field, draft-ietf-httpapi-idempotency-key-header).
///
/// It remembers the newest `most_keys`, for `memory` each.
class IdempotencyKeys {
 public:
  static constexpr std::size_t most_keys = 10'000;
  static constexpr std::size_t longest_key = 255;
  static constexpr std::chrono::minutes memory{10};

  /// What became of an item.
  struct Known {
    std::uint64_t fingerprint;  ///< of the item
    std::string id;             ///< that it got
    std::chrono::nanoseconds at;
  };

  /// Null where nobody has used the key lately.
  const Known* find(std::string_view key, std::chrono::nanoseconds now);
  void remember(std::string_view key, std::uint64_t fingerprint, std::string id,
                std::chrono::nanoseconds now);
  bool empty(std::chrono::nanoseconds now);

  /// The same for items with the same payload, of the same kind.
  static std::uint64_t fingerprint_of(const Item& item);

 private:
  void forget_old(std::chrono::nanoseconds now);

  std::unordered_map<std::string, Known> known_;
  std::deque<const std::string*> in_order_;  // the keys of `known_`, the oldest first
};

}  // namespace coyield::generators
