#include <coyield/generators/testing/test_loop.hpp>

#include <coyield/generators/spawn.hpp>
#include <stdexcept>

namespace coyield::testing {

namespace {

constexpr int max_steps = 1'000'000;

}  // namespace

TestLoop::TestLoop()
    : context_(std::make_unique<boost::asio::io_context>(1)),
      clock_(std::make_shared<ManualClock>()),
      loop_(&generators::Loop::of(context_->get_executor())) {
  loop_->use_manual_clock(clock_);
}

TestLoop::~TestLoop() = default;

void TestLoop::run_ready() {
  context_->restart();
  for (int steps = 0; context_->poll_one() != 0; ++steps) {
    if (steps == max_steps)
      throw std::logic_error("the loop does not come to rest: something gives way for ever");
    // A context that ran out of work has stopped; what it ran may have left some.
    if (context_->stopped()) context_->restart();
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void TestLoop::advance(std::chrono::nanoseconds duration) {
  const std::chrono::nanoseconds end = now() + duration;
  run_ready();
  for (std::chrono::nanoseconds due = loop_->next_due(); due <= end; due = loop_->next_due()) fire(due);
  fire(end);
}

void TestLoop::advance_to_next_timer() {
  const std::chrono::nanoseconds due = loop_->next_due();
  if (due == std::chrono::nanoseconds::max()) {
    throw std::logic_error("it waits for something that no timer will bring");
  }
  fire(due);
}

void TestLoop::fire(std::chrono::nanoseconds time) {
  clock_->set(time);
  loop_->fire_until(now());
  run_ready();
}

void TestLoop::spawn(generators::Task<void> task) {
  generators::spawn(executor(), std::move(task), [this](std::exception_ptr error) {
    if (error && !failure_) failure_ = std::move(error);
  });
}

}  // namespace coyield::testing
