#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <thread>

#include "options.hpp"

namespace coyield::bench {

/// Publishes `rate` items a second, one a request, over a few kept-alive connections, as programs do that
/// publish what they have when they have it. Each item carries the time when it was due, so that what the
/// publisher and the server take for it is in the lateness. On a thread of its own, for those who read are
/// busy; from the constructor to the destructor, at most ten minutes.
class Feeder {
 public:
  /// To the path `options.feed`, numbered from `first` on. Does nothing where there is no such path.
  Feeder(const Options& options, std::uint64_t first);
  ~Feeder();
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  /// The number behind that of the newest item that may have been published.
  std::uint64_t next() const { return next_; }
  /// Publishes no more. Throws what stopped it before.
  void stop();

 private:
  void run();
  void publish_all();

  const Options& options_;
  std::atomic<std::uint64_t> next_;
  std::atomic<bool> stopped_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace coyield::bench
