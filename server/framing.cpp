#include <coyield/server/framing.hpp>

#include <string>

namespace coyield::server {

void refuse_too_long(const generators::Item& item, std::size_t encoded, std::size_t max_item) {
  const std::size_t size = item.is_value() ? encoded : item.payload().size();
  if (size <= max_item) return;
  throw generators::Failure(
      generators::FailureKind::upstream,
      "an item of " + std::to_string(size) + " bytes is over the limit of " + std::to_string(max_item));
}

}  // namespace coyield::server
