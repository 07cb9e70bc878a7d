#pragma once

#include <chrono>
#include <coyield/handlers/application.hpp>
#include <coyield/handlers/monitor.hpp>
#include <coyield/server/connections/acceptor.hpp>
#include <coyield/server/counters.hpp>
#include <coyield/server/failures.hpp>
#include <coyield/server/worker.hpp>
#include <memory>
#include <utility>
#include <vector>

namespace coyield::server {

/// What the admin address sees of a running server: all of its threads together.
///
/// Runs on the thread of the admin address, which none of the server's own can hold up. What it is made of
/// outlives it.
class Monitor final : public handlers::Monitor {
 public:
  /// A thread that has not answered for so long is stuck.
  static constexpr std::chrono::seconds patience{5};

  Monitor(const handlers::Application& application, const Counters& counters, const ShareDirectory& shares,
          const Failures& failures, const std::vector<std::unique_ptr<Worker>>& workers,
          const std::vector<std::unique_ptr<Acceptor>>& acceptors);

  /// On any thread.
  void begin_drain() noexcept { draining_.store(true, std::memory_order_relaxed); }

  bool draining() const override { return draining_.load(std::memory_order_relaxed); }
  /// Asks all threads to answer, and looks who has not answered an earlier time.
  std::optional<std::size_t> stuck_thread() override;
  handlers::Figures figures() const override;
  std::vector<handlers::StreamInfo> streams() const override;
  std::optional<handlers::StreamInfo> stream(std::string_view id) const override;
  std::vector<handlers::FailureInfo> failures() const override { return failures_.newest(); }
  std::vector<std::string> addresses() const override;
  std::vector<handlers::ShareInfo> shares() const override;
  bool stop_share(std::uint64_t id) override;
  bool stop(std::string_view id) override;

 private:
  /// The thread of an id, and its number there.
  std::optional<std::pair<Worker*, std::uint64_t>> find(std::string_view id) const;

  const handlers::Application& application_;
  const Counters& counters_;
  const ShareDirectory& shares_;
  const Failures& failures_;
  const std::vector<std::unique_ptr<Worker>>& workers_;
  const std::vector<std::unique_ptr<Acceptor>>& acceptors_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<bool> draining_ = false;
};

}  // namespace coyield::server
