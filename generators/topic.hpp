#pragma once

#include <boost/intrusive/list.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/idempotency.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/shared_log.hpp>
#include <coyield/generators/token_bucket.hpp>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace coyield::generators {

class LogTurn;
struct StartPosition;

struct TopicOptions {
  LogLimits replay{.items = 0};  ///< as in `LogOptions`
  LogLimits queue{.items = 1024, .bytes = 1024 * 1024};
  SlowPolicy slow = SlowPolicy::disconnect;
  std::optional<Rate> rate = {};         ///< at which it takes items
  std::optional<Rate> client_rate = {};  ///< at which it takes those of one client
  /// The first part of the ids of its items, letters and digits, 64 at the most; empty: a random one.
  std::string epoch = {};
};

/// What became of an item that was to be published.
struct Published {
  std::string id = {};                  ///< that it got
  std::optional<Failure> failure = {};  ///< or why it was not taken
};

/// A log that is written to by whoever publishes, and read as any other.
///
/// With `SlowPolicy::block` whoever publishes waits for the slowest subscriber. It never ends by itself. It
/// lives as long as somebody holds it; all of it is for the thread of `loop`, which must outlive it. On other
/// threads it is read by a `Mirror`, and published to by a `Publisher`.
///
///     auto topic = Topic::make(loop, {.replay = {.items = 100}});
///     topic->publish(Item::text("hello"));
///     co_await for_each(topic->subscribe({.last = 10}), print);
class Topic final : public SharedLog {
 public:
  static std::shared_ptr<Topic> make(Loop& loop, TopicOptions options = {});
  ~Topic() override;

  /// Appends a copy of it now, whoever is behind; subscribers are told soon.
  ///
  /// `key` makes a repetition harmless: what has been published under the same key is not again, and has the
  /// id that it got then. Failures: unprocessable, where the key was used for another item; too_many, where
  /// a rate is exceeded, with the time after which it is not. `client` is for its rate; empty: it has none.
  Published publish(const Item& item, std::string_view key = {}, std::string_view client = {});

  /// Whoever has items to publish. It is asked for them one by one, in turn with others, while there is room.
  class Submitter
      : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   public:
    /// Publishes one. False: there are no more at present.
    virtual bool submit_one(Topic& topic) = 0;
    /// It has been asked; now subscribers have their turn.
    virtual void turn_ended() noexcept = 0;

   protected:
    ~Submitter() = default;
  };
  /// It has items, until it says that it has none. It may go at any time.
  void submit_soon(Submitter& submitter);

  /// Nobody publishes or reads, that is, holds a `Presence` or a `Cursor`.
  bool idle() const noexcept { return publishers_ == 0 && subscribers() == 0; }
  /// There is nothing that anybody could miss if it went: no replay, no key to know again, no rate to keep.
  bool forgettable();
  /// Called when it has become `idle`, from within whatever has caused that: the topic must not be destroyed
  /// there.
  void on_idle(std::function<void()> call) { on_idle_ = std::move(call); }

  /// Somebody who may publish.
  class Presence {
   public:
    explicit Presence(std::shared_ptr<Topic> topic) noexcept : topic_(std::move(topic)) {
      ++topic_->publishers_;
    }
    ~Presence() {
      --topic_->publishers_;
      topic_->become_idle();
    }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

    Topic& topic() const noexcept { return *topic_; }

   private:
    std::shared_ptr<Topic> topic_;
  };

 private:
  /// Calls `take_some` when the loop comes to it.
  struct Pump final : Wakeup {
    explicit Pump(Topic& owner) noexcept : topic(owner) {}
    void woken() override { topic.take_some(); }
    Topic& topic;
  };
  using Submitters = boost::intrusive::list<Submitter, boost::intrusive::constant_time_size<false>>;

  Topic(Loop& loop, TopicOptions options);

  void wanted() override {}
  void unwanted() noexcept override { become_idle(); }
  void advanced() noexcept override;
  std::string start_position() const override { return {}; }

  void take_some();
  void take_from(Submitter& submitter, const LogTurn& turn);
  void become_idle() noexcept;
  std::optional<Failure> refuse_for_rate(std::string_view client, std::chrono::nanoseconds now);
  TokenBucket* bucket_of(std::string_view client, std::chrono::nanoseconds now);

  TopicOptions options_;
  IdempotencyKeys keys_;
  std::optional<TokenBucket> bucket_;
  std::map<std::string, TokenBucket, std::less<>> clients_;
  std::size_t clients_looked_through_at_ = 64;  // that many
  Submitters submitters_;
  std::size_t publishers_ = 0;
  std::function<void()> on_idle_;
  Pump pump_{*this};
  bool blocked_ = false;  // by a subscriber
};

/// The topics of a process, for a source that reads one.
class TopicReader {
 public:
  virtual ~TopicReader() = default;
  /// A subscriber of the topic of that name, on the thread of whoever calls. `start`, if there is one, is
  /// filled in where it begins. Throws what cannot be had when it is pulled.
  virtual AsyncGenerator<Item> subscribe(std::string name, SubscribeOptions options,
                                         std::shared_ptr<StartPosition> start) = 0;
};

}  // namespace coyield::generators
