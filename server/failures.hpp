#pragma once

#include <array>
#include <coyield/handlers/monitor.hpp>
#include <mutex>
#include <string_view>
#include <vector>

namespace coyield::server {

/// The last streams that failed, for who looks at the admin address; the log has all of them. It is locked
/// where a stream fails, and never on the path of an item. For any thread.
class Failures {
 public:
  static constexpr std::size_t most = 50;

  /// `client` is empty for a generator that many share; `kind` is a literal. Forgets the oldest; where memory
  /// is wanting, this one.
  void add(std::string_view endpoint, std::string_view client, std::string_view kind,
           std::string_view reason) noexcept;
  /// The newest first.
  std::vector<handlers::FailureInfo> newest() const;

 private:
  mutable std::mutex mutex_;
  std::uint64_t count_ = 0;
  std::array<handlers::FailureInfo, most> last_ = {};  // the n-th at (n - 1) % most
};

}  // namespace coyield::server
