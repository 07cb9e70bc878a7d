#pragma once

#include <coyield/generators/backoff.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/shared_log.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/trace.hpp>
#include <functional>
#include <memory>
#include <string>

namespace coyield::generators {

/// When a shared generator runs.
enum class SharedStart : unsigned char {
  first_subscriber,  ///< from the first one on
  at_once,           ///< whether there is one or not
};

/// Whether a generator that is over is made again, while somebody wants it.
enum class Restart : unsigned char {
  never,       ///< its end is the end of all subscribers
  on_failure,  ///< when it has failed, but for a reason that would come again
  always,      ///< when it has returned, too
};

struct ShareOptions {
  LogLimits replay{.items = 0};  ///< as in `LogOptions`
  LogLimits queue{.items = 1024, .bytes = 1024 * 1024};
  SlowPolicy slow = SlowPolicy::disconnect;
  SharedStart start = SharedStart::first_subscriber;
  /// How long the generator runs on when its last subscriber has left. It is destroyed then, and made anew
  /// for the next one.
  std::chrono::nanoseconds linger{0};
  Restart restart = Restart::never;
  /// The pauses in front of it; an item makes them begin anew. Behind the last attempt, it is over.
  BackoffOptions backoff = {};
  /// Whether the generator, made again behind an id that it has given, goes on with exactly the rest, or says
  /// what is missing.
  bool resumable = true;
  bool own_ids = false;  ///< as in `LogOptions`
  /// The name of this run in the ids of its items, letters and digits, 64 at the most; empty: a random one.
  std::string epoch = {};
};

/// Those of the hub's log, for a mirror of it.
LogOptions log_options(const ShareOptions& options);

/// One generator that feeds any number of subscribers.
///
/// Each subscriber is a generator of its own: it gets copies of nothing, holds no more than one item, and
/// neither waits for the others nor hurts them. Items have ids `EPOCH-OFFSET`, in the place of their own. The
/// end, or the failure, of the generator comes to each behind the items in front of it; so it does to those
/// who come later, behind the replay.
///
///     auto hub = Hub::make(loop, [](const std::string&) { return ticks(1s); }, {.replay = {.items = 100}});
///     co_await for_each(hub->subscribe({.last = 10}), print);
///
/// A generator that is always ready is pulled bit by bit, as fast as the loop allows: only with
/// `SlowPolicy::block` does it wait for its subscribers. All of it is for the thread of `loop`, which must
/// outlive it; on other threads there are mirrors of it (`Mirror`).
class Hub final : public SharedLog {
 public:
  /// Makes the generator, and makes it again for the first subscriber after it was stopped for want of them,
  /// and as `restart` says. `resume_after` is the last id that it has given itself, or that of where it has
  /// begun: going on behind that, it goes on under the same epoch. Where its items have no ids, or it is not
  /// `resumable`, that is empty, and the hub begins a new epoch, since nobody knows what was missed in
  /// between. What it throws is the end of the hub.
  using Factory = std::function<AsyncGenerator<Item>(const std::string& resume_after)>;
  /// Where the generator that was made first has begun, once its source knows.
  void begun(std::shared_ptr<const StartPosition> begun) { begun_ = std::move(begun); }
  /// Of the generators that it makes, to be told when they have to wait.
  void trace(TracePtr trace) { trace_ = std::move(trace); }

  static std::shared_ptr<Hub> make(Loop& loop, Factory factory, ShareOptions options = {});
  ~Hub() override;

  /// The generator has been started, and has neither ended nor been stopped.
  bool running() const noexcept { return running_; }
  /// It is over, or stopped, and nobody reads: what there is, is the replay.
  bool idle() const noexcept { return !running_ && subscribers() == 0 && !pause_.scheduled(); }
  /// Made again, the generator goes on where it was: its subscribers may come back.
  bool can_go_on() const noexcept { return share_.resumable && !source_id_.empty() && !ended(); }
  /// Ends the generator, as if it had failed with `failure`, for all who read it; it is not made again.
  void fail(std::exception_ptr failure);
  /// Called when it has become `idle`, from within whatever has caused that: the hub must not be destroyed
  /// there.
  void on_idle(std::function<void()> call) { on_idle_ = std::move(call); }
  /// Called when the generator is over, with what it has failed with, or null, and whether it is made again.
  void on_over(std::function<void(const std::exception_ptr&, bool again)> call) {
    on_over_ = std::move(call);
  }

 private:
  /// Calls a member of the hub when the loop comes to it.
  struct Later final : Wakeup {
    Later(Hub& owner, void (Hub::*to_call)()) noexcept : hub(owner), call(to_call) {}
    void woken() override { (hub.*call)(); }
    Hub& hub;
    void (Hub::*call)();
  };

  Hub(Loop& loop, Factory factory, ShareOptions options);

  void wanted() override;
  void unwanted() noexcept override;
  void advanced() noexcept override;
  std::string start_position() const override { return begun_ ? begun_->id : std::string(); }

  void start();
  void stop() noexcept;
  void end_linger();
  void take_some();
  bool take_one();
  void over(std::exception_ptr failure);
  bool start_again_later(const std::exception_ptr& failure);
  void become_idle() noexcept;
  static void on_ready(void* hub, bool dropped);

  Factory factory_;
  ShareOptions share_;
  Backoff backoff_;
  std::function<void()> on_idle_;
  std::function<void(const std::exception_ptr&, bool)> on_over_;
  Consumer<Item> consumer_;
  Later pump_{*this, &Hub::take_some};
  Later linger_{*this, &Hub::end_linger};
  Later pause_{*this, &Hub::start};  // before it is made again
  std::shared_ptr<const StartPosition> begun_;
  TracePtr trace_;
  std::string source_id_;  // that the generator gave to its last item
  bool running_ = false;
  bool waiting_ = false;  // for the generator
  bool blocked_ = false;  // by a subscriber
  bool again_ = false;    // the generator is made again, for those who are there
};

/// A hub over one generator, which cannot be made anew: once it was stopped for want of subscribers, whoever
/// comes then gets the replay and a Failure(unavailable). Say a `linger` where that is not what is wanted.
///
///     auto hub = share(loop, std::move(generator), {.slow = SlowPolicy::drop_oldest});
std::shared_ptr<Hub> share(Loop& loop, AsyncGenerator<Item> generator, ShareOptions options = {});

}  // namespace coyield::generators
