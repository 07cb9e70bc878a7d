#include <coyield/generators/hub.hpp>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/log_turn.hpp>
#include <utility>

namespace coyield::generators {

namespace {

/// Whether the same would come again.
bool is_final(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Failure& known) {
    using enum FailureKind;
    return known.permanent() || known.kind() == invalid || known.kind() == forbidden ||
           known.kind() == conflict;
  } catch (...) {
    return false;
  }
}

}  // namespace

Hub::Hub(Loop& loop, Factory factory, ShareOptions options)
    : SharedLog(loop, log_options(options), options.epoch),
      factory_(std::move(factory)),
      share_(std::move(options)),
      backoff_(share_.backoff) {}

Hub::~Hub() = default;

LogOptions log_options(const ShareOptions& options) {
  return {.replay = options.replay, .queue = options.queue, .slow = options.slow, .own_ids = options.own_ids};
}

std::shared_ptr<Hub> Hub::make(Loop& loop, Factory factory, ShareOptions options) {
  std::shared_ptr<Hub> hub(new Hub(loop, std::move(factory), std::move(options)));
  if (hub->share_.start == SharedStart::at_once) hub->start();
  return hub;
}

void Hub::wanted() {
  linger_.cancel();
  if (!running_ && !ended() && !pause_.scheduled()) start();
}

void Hub::unwanted() noexcept {
  if (share_.start == SharedStart::at_once) return;
  if (share_.linger.count() == 0 || failure()) {
    end_linger();
  } else {
    loop().after(share_.linger, linger_);
  }
}

void Hub::end_linger() {
  stop();
  pause_.cancel();
  become_idle();
}

void Hub::become_idle() noexcept {
  if (idle() && on_idle_) on_idle_();
}

/// Makes the generator. What was before has nothing to do with what comes, unless it goes on where it was.
void Hub::start() {
  // As long as nothing has come, where it has begun: what has come to pass since then may be missing.
  std::string behind = source_id_.empty() && begun_ ? begun_->id : source_id_;
  const bool same_epoch = behind.empty() ? log().end() == 0 : share_.resumable;
  if (!same_epoch) {
    behind.clear();
    source_id_.clear();
    if (again_) {
      begin_epoch(random_epoch());
    } else {
      forget_all(0, random_epoch());
    }
  }
  again_ = false;
  try {
    consumer_ = Consumer<Item>(loop(), factory_(behind));
  } catch (...) {
    over(std::current_exception());
    return tell_all();
  }
  running_ = true;
  waiting_ = blocked_ = false;
  loop().soon(pump_);  // not within whoever subscribes: it may be one of many
}

void Hub::stop() noexcept {
  running_ = waiting_ = blocked_ = false;
  pump_.cancel();
  linger_.cancel();
  consumer_.reset();
}

void Hub::take_some() {
  const std::shared_ptr<SharedLog> kept = shared_from_this();
  const LogTurn turn(loop(), *this);
  while (!turn.over()) {
    if (!take_one()) return tell_all();
  }
  tell_all();
  if (running_) loop().soon(pump_);
}

/// False: there is nothing to take now.
bool Hub::take_one() {
  if (!running_ || waiting_) return false;
  if (blocked()) {
    blocked_ = true;
    return false;
  }
  if (consumer_.poll() == Poll::pending) {
    waiting_ = true;
    if (trace_) trace_->note_awaited();
    consumer_.on_ready(&on_ready, this);
    return false;
  }
  try {
    if (auto item = consumer_.item()) {
      append(*item);
      if (is_gap(*item)) return true;
      source_id_ = item->id();
      backoff_.reset();
      return true;
    }
    over(nullptr);
  } catch (...) {
    over(std::current_exception());
  }
  return false;
}

// A loop that is being destroyed drops the subscribers too: nobody is left to be told.
void Hub::on_ready(void* hub, bool dropped) {
  if (dropped) return;
  auto& self = *static_cast<Hub*>(hub);
  self.waiting_ = false;
  self.take_some();
}

/// The generator is over.
void Hub::over(std::exception_ptr failure) {
  stop();
  const bool again = start_again_later(failure);
  if (on_over_) on_over_(failure, again);
  if (again) return;
  finish(std::move(failure));
  become_idle();
}

void Hub::fail(std::exception_ptr failure) {
  if (ended()) return;
  const std::shared_ptr<SharedLog> kept = shared_from_this();
  stop();
  pause_.cancel();
  finish(std::move(failure));
  tell_all();
  become_idle();
}

bool Hub::start_again_later(const std::exception_ptr& failure) {
  const bool wanted = share_.restart == Restart::always || (share_.restart == Restart::on_failure && failure);
  if (!wanted || (failure && is_final(failure))) return false;
  if (subscribers() == 0 && share_.start != SharedStart::at_once) return false;
  const auto pause = backoff_.next();
  if (!pause) return false;
  again_ = true;
  loop().after(*pause, pause_);
  return true;
}

void Hub::advanced() noexcept {
  if (!blocked_ || blocked()) return;
  blocked_ = false;
  loop().soon(pump_);
}

std::shared_ptr<Hub> share(Loop& loop, AsyncGenerator<Item> generator, ShareOptions options) {
  auto once = std::make_shared<AsyncGenerator<Item>>(std::move(generator));
  auto used = std::make_shared<bool>(false);
  return Hub::make(
      loop,
      [once, used](const std::string& /*resume_after*/) {
        if (std::exchange(*used, true))
          throw Failure(FailureKind::unavailable,
                        "the shared generator has been stopped: it had no subscribers");
        return std::move(*once);
      },
      std::move(options));
}

}  // namespace coyield::generators
