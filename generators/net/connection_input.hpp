#pragma once

#include <algorithm>
#include <coyield/generators/net/connection.hpp>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace coyield::generators::net {

/// The bytes that come over a connection, which it owns, for `fill`. Cancelling is as for `Connection`.
class ConnectionInput {
 public:
  explicit ConnectionInput(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)), block_(block_size) {}

  /// What has come; 0 at the end, nothing where there is nothing yet.
  std::optional<std::size_t> read_now(std::span<char> into) {
    if (ended_) return 0;
    if (left_.empty()) return std::nullopt;
    const std::size_t n = std::min(into.size(), left_.size());
    std::copy_n(left_.data(), n, into.data());
    left_ = left_.subspan(n);
    return n;
  }
  Task<void> more() {
    const std::size_t n = co_await connection_->read(block_);
    left_ = std::span<const char>(block_).first(n);
    ended_ = n == 0;
  }

 private:
  static constexpr std::size_t block_size = 16 * 1024;

  std::unique_ptr<Connection> connection_;
  std::vector<char> block_;
  std::span<const char> left_;
  bool ended_ = false;
};

}  // namespace coyield::generators::net
