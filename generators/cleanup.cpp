#include <coyield/generators/cleanup.hpp>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace coyield::generators {

namespace {

constexpr unsigned most_threads = 16;

}  // namespace

/// The threads have a part in it, so that they may outlive the owner. Each goes when there is nothing left.
struct Cleanup::State {
  static void run(const std::shared_ptr<State>& state) {
    std::unique_lock lock(state->mutex);
    while (!state->work.empty()) {
      const std::function<void()> next = std::move(state->work.front());
      state->work.pop_front();
      lock.unlock();
      next();
      lock.lock();
    }
    --state->threads;
    state->changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::function<void()>> work;
  unsigned threads = 0;
};

Cleanup::Cleanup() : state_(std::make_shared<State>()) {}

Cleanup::~Cleanup() {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, std::chrono::seconds(2), [this] { return state_->threads == 0; });
}

void Cleanup::later(std::function<void()> work) noexcept {
  const std::lock_guard lock(state_->mutex);
  state_->work.push_back(std::move(work));
  if (state_->threads == most_threads) return;
  ++state_->threads;
  std::thread(&State::run, state_).detach();
}

}  // namespace coyield::generators
