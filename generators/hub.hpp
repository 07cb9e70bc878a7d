#pragma once

#include <boost/intrusive/list.hpp>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/consumer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/item_log.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace coyield::generators {

/// What becomes of a subscriber that is further behind than the hub keeps items. Whatever it has not got is
/// announced to it, by a gap in its place.
enum class SlowPolicy : unsigned char {
  disconnect,   ///< its stream fails: it can come back, and resume
  drop_oldest,  ///< it goes on with the oldest that is still there
  drop_newest,  ///< it gets what it was kept, and goes on with what comes behind that
  latest,       ///< it always gets the newest item alone, however little it is behind
  block,        ///< the generator, and so all, wait for it
};

/// When a shared generator runs.
enum class SharedStart : unsigned char {
  first_subscriber,  ///< from the first one on
  at_once,           ///< whether there is one or not
};

struct ShareOptions {
  /// What a subscriber can get that comes later, or comes back.
  LogLimits replay{.items = 0};
  /// How far a subscriber may be behind, if that is further than `replay` reaches.
  LogLimits queue{.items = 1024, .bytes = 1024 * 1024};
  SlowPolicy slow = SlowPolicy::disconnect;
  SharedStart start = SharedStart::first_subscriber;
  /// How long the generator runs on when its last subscriber has left. It is destroyed then, and made anew
  /// for the next one.
  std::chrono::nanoseconds linger{0};
  /// The name of this run in the ids of its items, letters and digits, 64 at the most; empty: a random one.
  std::string epoch = {};
};

/// Where a subscriber begins. `resume_after` goes before `last`.
struct SubscribeOptions {
  /// The id of the last item that it has: it gets exactly the rest. Where that is not there any more it gets
  /// a gap, and all that there is. Empty: no such item.
  std::string resume_after = {};
  /// So many of the newest items first, as far as `replay` has them. 0: only what comes.
  std::uint64_t last = 0;
};

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
/// `SlowPolicy::block` does it wait for its subscribers. The hub lives as long as somebody holds it, its
/// subscribers included. All of it is for the thread of `loop`, which must outlive it.
class Hub : public std::enable_shared_from_this<Hub> {
 public:
  /// Makes the generator, and makes it again for the first subscriber after it was stopped for want of them.
  /// `resume_after` is the last id that it has given itself: going on behind that, it goes on under the same
  /// epoch. Where its items have no ids that is empty, and the hub begins a new epoch with an empty log,
  /// since nobody knows what was missed in between. What it throws is the end of the hub.
  using Factory = std::function<AsyncGenerator<Item>(const std::string& resume_after)>;

  static std::shared_ptr<Hub> make(Loop& loop, Factory factory, ShareOptions options = {});
  ~Hub();
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// A subscriber, from its first `next()` on until it is destroyed. Its items are valid until the next
  /// `next()`. Throws, when it is pulled: what the generator threw; Failure(invalid) for an id that no hub
  /// has given; Failure(unavailable) when it is disconnected.
  AsyncGenerator<Item> subscribe(SubscribeOptions options = {});

  const std::string& epoch() const noexcept { return options_.epoch; }
  std::size_t subscribers() const noexcept { return subscribers_.size(); }
  /// The generator has been started, and has neither ended nor been stopped.
  bool running() const noexcept { return running_; }
  bool ended() const noexcept { return ended_; }
  const ItemLog& log() const noexcept { return log_; }

 private:
  class Subscriber;
  using Hook = boost::intrusive::list_base_hook<>;
  using List = boost::intrusive::list<Subscriber, boost::intrusive::base_hook<Hook>>;
  /// Takes items from the generator when the loop comes to it.
  struct Pump final : Wakeup {
    explicit Pump(Hub& owner) noexcept : hub(owner) {}
    void woken() override { hub.take_some(); }
    Hub& hub;
  };
  struct Linger final : Wakeup {
    explicit Linger(Hub& owner) noexcept : hub(owner) {}
    void woken() override { hub.stop(); }
    Hub& hub;
  };

  Hub(Loop& loop, Factory factory, ShareOptions options);
  static AsyncGenerator<Item> follow(std::shared_ptr<Hub> hub, SubscribeOptions options);

  void join(Subscriber& subscriber);
  void leave(Subscriber& subscriber) noexcept;
  void start();
  void begin_epoch();
  void stop() noexcept;
  void take_some();
  bool take_one();
  void append(const Item& item);
  void finish(std::exception_ptr failure);
  static void on_ready(void* hub, bool dropped);

  bool blocked() const noexcept;
  void go_on();
  void wake_all() noexcept;
  void trim();
  std::uint64_t replay_first();

  Loop& loop_;
  Factory factory_;
  ShareOptions options_;
  ItemLog log_;
  List subscribers_;
  Consumer<Item> consumer_;
  Pump pump_{*this};
  Linger linger_{*this};
  std::string source_id_;  // that the generator gave to its last item
  std::exception_ptr failure_;
  std::uint64_t replay_first_ = 0;
  std::uint64_t queue_first_ = 0;
  unsigned untrimmed_ = 0;
  bool running_ = false;
  bool waiting_ = false;  // for the generator
  bool blocked_ = false;  // by a subscriber
  bool ended_ = false;
};

/// A hub over one generator, which cannot be made anew: once it was stopped for want of subscribers, whoever
/// comes then gets the replay and a Failure(unavailable). Say a `linger` where that is not what is wanted.
///
///     auto hub = share(loop, std::move(generator), {.slow = SlowPolicy::drop_oldest});
std::shared_ptr<Hub> share(Loop& loop, AsyncGenerator<Item> generator, ShareOptions options = {});

}  // namespace coyield::generators
