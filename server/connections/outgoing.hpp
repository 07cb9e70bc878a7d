#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace coyield::server {

/// Bytes that leave as one: those of a buffer, and maybe, in between, some that are sent from where an item
/// has them. All borrowed: the buffer until it is written to, the item until its generator runs on.
struct Outgoing {
  std::string_view front;
  std::string_view lent;
  std::string_view back;

  Outgoing(std::string_view all) noexcept : front(all) {}
  Outgoing(std::string_view before, std::string_view item, std::string_view behind) noexcept
      : front(before), lent(item), back(behind) {}

  std::size_t size() const noexcept { return front.size() + lent.size() + back.size(); }
  bool empty() const noexcept { return size() == 0; }
  /// Takes away the first `n`, at most all.
  void remove_prefix(std::size_t n) noexcept {
    for (std::string_view* part : {&front, &lent, &back}) {
      const std::size_t of_it = std::min(n, part->size());
      part->remove_prefix(of_it);
      n -= of_it;
    }
  }
};

}  // namespace coyield::server
