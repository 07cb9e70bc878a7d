#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "producer.hpp"

namespace coyield::bench {

/// Items that many clients read together: they are written once, and each client is an offset.
class Fan {
 public:
  /// One item every `period` nanoseconds; 0: whenever there is need.
  explicit Fan(std::uint64_t period) : period_(period) {}

  std::uint64_t period() const { return period_; }
  std::uint64_t due() const { return due_; }
  std::uint64_t end() const { return begin_ + bytes_.size(); }
  /// What a client at `offset` has not got.
  std::string_view behind(std::uint64_t offset) const {
    return std::string_view(bytes_).substr(static_cast<std::size_t>(offset - begin_));
  }

  /// Writes what is due at `now`; true: there was something.
  bool write_due(Framing framing, std::uint64_t now);
  /// Writes a block of items.
  void write_block(Framing framing, std::uint64_t now);
  /// Nobody is in front of `offset` any more.
  void forget(std::uint64_t offset);

 private:
  void write(Framing framing, std::uint64_t ts);

  std::uint64_t period_;
  std::uint64_t due_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t begin_ = 0;
  std::string bytes_;
};

}  // namespace coyield::bench
