#pragma once

#include <functional>
#include <memory>

namespace coyield::generators {

/// A thread for what has to be done when a stream is gone and may take a while: a query to be cancelled on
/// its server, say. Destructors hand it over, and wait for nothing.
///
/// Any thread may use it. The destructor waits for what is left, but no longer than two seconds; what has not
/// ended by then may use nothing but what it owns.
class Cleanup {
 public:
  Cleanup();
  Cleanup(const Cleanup&) = delete;
  Cleanup& operator=(const Cleanup&) = delete;
  ~Cleanup();

  /// Calls `work`, which must not throw, behind all that was given before.
  void later(std::function<void()> work) noexcept;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace coyield::generators
