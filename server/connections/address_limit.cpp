#include <coyield/server/connections/address_limit.hpp>

namespace coyield::server {

namespace {

std::uint64_t number(const config::IpAddress& address, std::size_t begin, std::size_t end) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = begin; i < end; ++i) value = value << 8 | address.bytes[i];
  return value;
}

/// The network of an IPv6 address. An IPv4 address is the last 48 bits of the one that stands for it, which
/// as a network would be 0:ffff:.../64, out of a block that is given to nobody (RFC 4291, 2.4).
std::uint64_t key_of(const config::IpAddress& address) noexcept {
  return address.is_v4() ? number(address, 8, 16) : number(address, 0, 8);
}

}  // namespace

std::optional<AddressLimit::Place> AddressLimit::enter(const config::IpAddress& address) {
  if (most_ == 0) return Place();
  const std::uint64_t key = key_of(address);
  const std::lock_guard lock(mutex_);
  unsigned& taken = taken_[key];
  if (taken >= most_) return std::nullopt;
  ++taken;
  return Place(*this, key);
}

void AddressLimit::leave(std::uint64_t key) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = taken_.find(key);
  if (found != taken_.end() && --found->second == 0) taken_.erase(found);
}

}  // namespace coyield::server
