#include <coyield/generators/blocking_pool.hpp>

#include <cassert>

// A call passes from hand to hand: the queue, under the pool's mutex; the thread that took it out; the queue
// of its io_context. Its handler, whose executor and frame belong to the thread of that io_context, is
// touched there only.
//
// An io_context that goes away takes the calls that have not begun with it, and waits for the others until
// they have been posted: its own queue, which is destroyed behind that, then destroys them. It counts those
// under way itself rather than ask the pool, which may be gone by then, or the call, which may be destroyed
// the moment it is posted.

namespace coyield::generators {

namespace detail {

BlockingCall::BlockingCall(BlockingPool& pool, asio::execution_context& context)
    : pool_(pool), context_(asio::use_service<BlockingCalls>(context)) {
  context_.add(*this);
}

bool BlockingCall::withdraw() noexcept { return queued_ && pool_.withdraw(*this); }

void BlockingCalls::begun() {
  const std::lock_guard lock(mutex_);
  ++under_way_;
}

void BlockingCalls::let_go() {
  // Notified under the lock: whoever waits may destroy this object as soon as it has the lock.
  const std::lock_guard lock(mutex_);
  if (--under_way_ == 0) changed_.notify_all();
}

void BlockingCalls::shutdown() {
  while (!calls_.empty()) {
    BlockingCall& call = calls_.front();
    calls_.pop_front();
    if (call.withdraw()) delete &call;
  }
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return under_way_ == 0; });
}

}  // namespace detail

BlockingPool::BlockingPool(unsigned max_threads) : max_threads_(max_threads) { assert(max_threads != 0); }

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    while (!queue_.empty()) {
      detail::BlockingCall& call = queue_.front();
      queue_.pop_front();
      call.queued_ = false;
      call.abort();
      call.post();
    }
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

std::size_t BlockingPool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_.size();
}

void BlockingPool::submit(detail::BlockingCall& call) {
  const std::lock_guard lock(mutex_);
  if (idle_ <= queue_.size() && threads_.size() < max_threads_) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;  // those that there are will come to it
    }
  }
  queue_.push_back(call);
  changed_.notify_one();
}

bool BlockingPool::withdraw(detail::BlockingCall& call) noexcept {
  const std::lock_guard lock(mutex_);
  if (!call.queued_) return false;
  queue_.erase(queue_.iterator_to(call));
  call.queued_ = false;
  return true;
}

void BlockingPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    --idle_;
    if (queue_.empty()) return;
    detail::BlockingCall& call = queue_.front();
    queue_.pop_front();
    call.queued_ = false;
    detail::BlockingCalls& context = call.context();
    context.begun();
    lock.unlock();
    call.execute();
    call.post();
    context.let_go();
    lock.lock();
  }
}

}  // namespace coyield::generators
