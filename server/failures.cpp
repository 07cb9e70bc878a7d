#include <coyield/server/failures.hpp>

#include <algorithm>
#include <string>

namespace coyield::server {

void Failures::add(std::string_view endpoint, std::string_view client, std::string_view kind,
                   std::string_view reason) noexcept {
  try {
    handlers::FailureInfo failure{.time = std::chrono::system_clock::now(),
                                  .endpoint = std::string(endpoint),
                                  .client = std::string(client),
                                  .kind = kind,
                                  .reason = std::string(reason)};
    const std::lock_guard lock(mutex_);
    failure.number = count_ + 1;
    last_[count_++ % most] = std::move(failure);
  } catch (const std::bad_alloc&) {
    return;  // it is in the log
  }
}

std::vector<handlers::FailureInfo> Failures::newest() const {
  std::vector<handlers::FailureInfo> all;
  const std::lock_guard lock(mutex_);
  const std::uint64_t kept = std::min<std::uint64_t>(count_, most);
  all.reserve(kept);
  for (std::uint64_t i = 0; i < kept; ++i) all.push_back(last_[(count_ - 1 - i) % most]);
  return all;
}

}  // namespace coyield::server
