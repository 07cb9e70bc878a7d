#include <algorithm>
#include <coyield/server/encoded_log.hpp>

namespace coyield::server {

const EncodedLog::Block* EncodedLog::find_older(std::uint64_t offset) const noexcept {
  const auto found = std::lower_bound(blocks_.begin(), blocks_.end(), offset,
                                      [](const Block& block, std::uint64_t at) { return block.first < at; });
  return found != blocks_.end() && found->first == offset ? &*found : nullptr;
}

void EncodedLog::forget_read(std::uint64_t needed) noexcept {
  while (!blocks_.empty() && (blocks_.front().end() <= needed || bytes_ > most_bytes)) {
    bytes_ -= blocks_.front().bytes.size();
    blocks_.pop_front();
  }
}

}  // namespace coyield::server
