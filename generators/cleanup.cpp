#include <coyield/generators/cleanup.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace coyield::generators {

/// The thread has its part in it, so that it may outlive the owner.
struct Cleanup::State {
  static void run(const std::shared_ptr<State>& state) {
    std::unique_lock lock(state->mutex);
    for (;;) {
      state->changed.wait(lock, [&] { return !state->work.empty() || state->stopping; });
      if (state->work.empty()) break;
      const std::function<void()> next = std::move(state->work.front());
      state->work.pop_front();
      lock.unlock();
      next();
      lock.lock();
    }
    state->over = true;
    state->changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> work;
  bool started = false;
  bool stopping = false;
  bool over = false;
};

Cleanup::Cleanup() : state_(std::make_shared<State>()) {}

Cleanup::~Cleanup() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  if (state_->started)
    state_->changed.wait_for(lock, std::chrono::seconds(2), [this] { return state_->over; });
}

void Cleanup::later(std::function<void()> work) noexcept {
  const std::lock_guard lock(state_->mutex);
  state_->work.push_back(std::move(work));
  if (!state_->started) {
    std::thread(&State::run, state_).detach();
    state_->started = true;
  }
  state_->changed.notify_all();
}

}  // namespace coyield::generators
