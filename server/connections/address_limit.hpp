#pragma once

#include <coyield/config/network.hpp>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

namespace coyield::server {

/// How many places the clients of one address have taken, of those that it may have.
///
/// An IPv6 network of 64 bits counts as one address, since that is the least that anybody gets. Only
/// addresses that hold a place are remembered. May be used from all threads; where there is no limit it does
/// nothing.
class AddressLimit {
 public:
  /// A place, given back when it goes. Must not outlive the limit. One that was made by nobody is none.
  class Place {
   public:
    Place() noexcept = default;
    Place(Place&& other) noexcept : limit_(std::exchange(other.limit_, nullptr)), key_(other.key_) {}
    Place& operator=(Place&& other) noexcept {
      Place taken(std::move(other));
      std::swap(limit_, taken.limit_);
      std::swap(key_, taken.key_);
      return *this;
    }
    ~Place() {
      if (limit_ != nullptr) limit_->leave(key_);
    }

   private:
    friend class AddressLimit;
    Place(AddressLimit& limit, std::uint64_t key) noexcept : limit_(&limit), key_(key) {}

    AddressLimit* limit_ = nullptr;
    std::uint64_t key_ = 0;
  };

  /// `most` places for an address; 0: any number.
  explicit AddressLimit(unsigned most) noexcept : most_(most) {}

  unsigned most() const noexcept { return most_; }

  /// Takes a place; none when the address has all that it may have.
  std::optional<Place> enter(const config::IpAddress& address);

 private:
  void leave(std::uint64_t key) noexcept;

  const unsigned most_;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, unsigned> taken_;
};

}  // namespace coyield::server
