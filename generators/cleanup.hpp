#pragma once

#include <functional>
#include <memory>

namespace coyield::generators {

/// Threads for what has to be done when a stream is gone and may take a while: a query to be cancelled on its
/// server, say. Destructors hand it over, and wait for nothing. There are up to sixteen at a time, so that
/// one server that does not answer does not hold up what is for others; beyond that, work waits its turn.
///
/// Any thread may use it. The destructor waits for what is left, but no longer than two seconds; what has not
/// ended by then may use nothing but what it owns.
class Cleanup {
 public:
  Cleanup();
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;
  ~Cleanup();

  /// Calls `work`, which must not throw, soon.
  void later(std::function<void()> work) noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace coyield::generators
