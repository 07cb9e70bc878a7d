#pragma once

#include <array>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/gauge.hpp>
#include <coyield/generators/item_log.hpp>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {

/// What becomes of a subscriber that is further behind than the log keeps items. Whatever it has not got is
/// announced to it, by a gap in its place.
enum class SlowPolicy : unsigned char {
  disconnect,   ///< its stream fails: it can come back, and resume
  drop_oldest,  ///< it goes on with the oldest that is still there
  drop_newest,  ///< it gets what it was kept, and goes on with what comes behind that
  latest,       ///< it always gets the newest item alone, however little it is behind
  block,        ///< the generator, and so all, wait for it
};

/// How far back a log reaches, for whom.
struct LogOptions {
  /// What a subscriber can get that comes later, or comes back.
  LogLimits replay{.items = 0};
  /// How far a subscriber may be behind, if that is further than `replay` reaches.
  LogLimits queue{.items = 1024, .bytes = 1024 * 1024};
  SlowPolicy slow = SlowPolicy::disconnect;
  /// Items keep the ids that the generator gives them.
  bool own_ids = false;
};

/// What a subscriber wants that resumes where the log does not reach any more.
enum class OnGap : unsigned char {
  tell,  ///< a gap, and then all that there is
  fail,  ///< a Failure(gone)
};

/// Where a subscriber begins. `resume_after` goes before `last`.
struct SubscribeOptions {
  static constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

  /// The id of the last item that it has: it gets exactly the rest. Where that is not there any more, and
  /// where no item of this log has ever had that id, it has missed something. Empty: no such item.
  std::string resume_after = {};
  OnGap on_gap = OnGap::tell;
  /// Whoever subscribes can make the stream itself, and catch up: see `Cursor::outside`.
  bool catches_up = false;
  /// Where it does, and has no `resume_after`: from where the generator starts, whatever `last` is.
  bool from_start = false;
  /// So many of the newest items first, as far as `replay` has them. 0: only what comes.
  std::uint64_t last = 0;
};

/// Whoever reads a log: told when it has changed.
class Follower : public boost::intrusive::list_base_hook<> {
 public:
  /// There is more, or no more will come. Resumes nothing by itself.
  virtual void changed() noexcept = 0;
  /// An item has been appended, before `changed` says so.
  virtual void appended(const ItemLog::EntryPtr& /*entry*/, std::uint64_t /*offset*/) {}
  /// As many items that this log has never had are missing behind the last.
  virtual void skipped(std::uint64_t /*items*/) noexcept {}
  /// The offset of the first item that it still needs.
  std::uint64_t offset() const noexcept { return offset_.value(); }

 protected:
  ~Follower() = default;
  Gauge<std::uint64_t> offset_{SubscribeOptions::all};  // others may look how far it is
};

class Cursor;
struct StartPosition;

/// The newest items of one stream, and those who read them, on one thread: what a hub and its mirrors have in
/// common. Each subscriber is an offset; none holds a copy of anything, waits for another or hurts it.
///
/// Items have ids `EPOCH-OFFSET`. A new epoch begins where nobody knows what was missed in front of it;
/// offsets go on. With `own_ids` they have those of the generator, which say by themselves where they stand.
///
/// It lives as long as somebody holds it, its subscribers included. For the thread of its loop alone.
class SharedLog : public std::enable_shared_from_this<SharedLog> {
 public:
  virtual ~SharedLog();
  SharedLog(const SharedLog&) = delete;
  SharedLog& operator=(const SharedLog&) = delete;

  /// A subscriber, from its first `next()` on until it is destroyed. Its items are valid until the next
  /// `next()`. Throws, when it is pulled: what the generator threw; Failure(too_slow) when it is
  /// disconnected; Failure(gone) as `on_gap` wants. `start`, if there is one, is filled in where it begins.
  /// One that `catches_up` reads what the log does not have from what `alone` makes: the stream by itself,
  /// behind an id.
  using MakeAlone = std::function<AsyncGenerator<Item>(const std::string& resume_after)>;
  AsyncGenerator<Item> subscribe(SubscribeOptions options = {},
                                 std::shared_ptr<StartPosition> start = nullptr, MakeAlone alone = {});

  /// Of the items that come.
  const std::string& epoch() const noexcept { return epochs_.back().name; }
  std::size_t subscribers() const noexcept { return followers_.size(); }
  /// No more items will come.
  bool ended() const noexcept { return ended_; }
  const std::exception_ptr& failure() const noexcept { return failure_; }
  const ItemLog& log() const noexcept { return log_; }
  const LogOptions& options() const noexcept { return options_; }
  /// How much it has ever had, for any thread to see.
  struct Figures {
    Gauge<std::uint64_t> end;    ///< offset
    Gauge<std::uint64_t> bytes;  ///< as the log counts them
    Gauge<std::uint64_t>
        newest;  ///< when the last item came, in nanoseconds of the loop's clock; 0: none has
  };
  const Figures& figures() const noexcept { return figures_; }
  /// Somebody wants to know where the generator has begun: followers are told once it is known.
  virtual void want_start_position() {}
  /// What subscribers get of an entry: the item, borrowed from it, with its id, which `ids` writes where it
  /// is not its own.
  Item item_of(const ItemLog::Entry& entry, std::uint64_t offset, IdWriter& ids) const;
  /// The lowest offset that a newcomer can get.
  std::uint64_t replay_first();
  /// The lowest offset that a follower still needs; `end()` where there is none.
  std::uint64_t needed() const noexcept;

  /// Writes the id of the item at `offset`; gives its end. `most_id` bytes, at the most.
  char* write_id(std::uint64_t offset, char* out) const noexcept;
  /// The id behind which a subscriber stands that needs the item at `offset` next. Where that is the first of
  /// all, it is one that no item has. With `own_ids` it is empty where it is not known any more, or not yet.
  std::string position_of(std::uint64_t offset) const;
  static constexpr std::size_t most_epoch = 64;
  static constexpr std::size_t most_id = most_epoch + 1 + 20;

 protected:
  struct Epoch {
    std::uint64_t first;  // offset
    std::string name;
  };
  using Followers = boost::intrusive::list<Follower>;
  /// A subscriber that has not begun.
  struct Beginning {
    SubscribeOptions options;
    std::uint64_t asked = 0;  ///< for a mirror: the number of the question that it waits for
  };

  SharedLog(Loop& loop, LogOptions options, std::string epoch);

  Loop& loop() const noexcept { return loop_; }
  const Followers& followers() const noexcept { return followers_; }

  void append(const Item& item);
  /// The next entry of another log.
  void append(ItemLog::EntryPtr entry);
  /// What comes has ids of another epoch, behind a gap; what was before can still be resumed.
  void begin_epoch(std::string name);
  /// What was before is not there any more; what comes begins at `offset`.
  void forget_all(std::uint64_t offset, std::string epoch);
  /// For the log of another: what lies in front of `offset` has been missed.
  void skip_to(std::uint64_t offset);
  void set_epochs(std::vector<Epoch> epochs) noexcept { epochs_ = std::move(epochs); }
  /// With `own_ids`: where the generator has begun, as soon as that is known.
  virtual std::string start_position() const = 0;
  void finish(std::exception_ptr failure);
  void tell_all() noexcept;
  /// Whether the id may be of an item that has yet to come, in the present epoch.
  bool may_come(std::string_view id) const noexcept;
  /// Whether a follower is as far behind as one may be, where all wait for it.
  bool blocked() const noexcept;

 private:
  friend class Cursor;
  friend class MirrorLink;

  /// Whether all is here that a subscriber needs to begin. Asked again whenever the log has changed.
  virtual bool may_begin(Beginning& /*wanted*/) { return true; }
  /// The next follower is about to begin.
  virtual void wanted() = 0;
  /// The last one has left.
  virtual void unwanted() noexcept = 0;
  /// One has moved on.
  virtual void advanced() noexcept = 0;

  static AsyncGenerator<Item> follow(std::shared_ptr<SharedLog> log, SubscribeOptions options,
                                     std::shared_ptr<StartPosition> start, MakeAlone alone);
  const std::string& epoch_at(std::uint64_t offset) const noexcept;
  void join(Follower& follower);
  void leave(Follower& follower) noexcept;
  void trim();

  Loop& loop_;
  LogOptions options_;
  ItemLog log_;
  ItemLog::EntryPtr newest_;  // whether the log still has it or not
  Figures figures_;
  std::vector<Epoch> epochs_;  // those of the items that are there, and the present one
  Followers followers_;
  std::exception_ptr failure_;
  std::uint64_t replay_first_ = 0;
  std::uint64_t queue_first_ = 0;
  unsigned untrimmed_ = 0;
  bool ended_ = false;
};

/// One subscriber: where it stands in the log, and what is to be done next. For whoever takes items without a
/// generator; `SharedLog::subscribe` is one.
///
///     Cursor cursor(log, {.last = 10}, changed);
///     while (cursor.advance() == Cursor::Step::item) encode(cursor.item(ids));
///     // wait: until `changed` is set
class Cursor final : public Follower {
 public:
  enum class Step : unsigned char {
    item,
    gap,      ///< `gap()` says what is missing
    wait,     ///< there is nothing yet
    end,      ///< nothing more will come; `failure()` of the log says why
    outside,  ///< it needs what the log does not have: see `outside()`
  };

  /// `changed` must outlive it. Throws Failure(gone) as `on_gap` wants.
  Cursor(std::shared_ptr<SharedLog> log, SubscribeOptions options, Event& changed);
  ~Cursor();
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;

  SharedLog& log() const noexcept { return *log_; }

  /// Goes on to the next item. Throws Failure(too_slow) when it is disconnected, and Failure(gone) as
  /// `on_gap` wants.
  Step advance();
  /// What `advance` would give, without doing it; nothing that it would throw. Where that is `wait`,
  /// `changed` is set, too.
  Step peek() noexcept;
  bool begun() const noexcept { return !begin_; }
  /// Begins, if that is possible now. Throws Failure(gone) as `on_gap` wants.
  void settle();

  /// It needs what the log does not have, and `catches_up`: it takes part in nothing until it has met the
  /// log. Until then whoever subscribes makes the stream itself, behind `outside()`, and gives the id of each
  /// of its items to `meet`. Since both have the same items in the same order, that is, sooner or later, the
  /// id of one end of the log.
  const std::string* outside() const noexcept { return outside_.get(); }
  bool fails_on_gap() const noexcept { return on_gap_ == OnGap::fail; }
  /// True: from here on it reads the log, behind that item.
  bool meet(std::string_view id);

  /// The id behind which it stands: resumed there, another gets the same.
  std::string position() const { return begin_ || outside_ ? std::string() : log_->position_of(offset()); }

  /// The item, as long as the entry is held or the log does not change; its id is written by `ids`.
  Item item(IdWriter& ids) const { return log_->item_of(*entry_, given_, ids); }
  const ItemLog::EntryPtr& entry() const noexcept { return entry_; }
  /// `{"count": ..., "from": ...}`, until the next `advance`.
  std::string_view gap() const noexcept { return *gap_; }

  /// Whether it simply reads on in the log, item by item from `offset()`, so that whoever has those items in
  /// another form may pass over them.
  bool follows_log() const noexcept;
  void pass(std::uint64_t items);

  void changed() noexcept override {
    if (std::exchange(waiting_, false)) changed_.set();
  }
  void appended(const ItemLog::EntryPtr& entry, std::uint64_t offset) override;
  void skipped(std::uint64_t items) noexcept override {
    if (backlog_) backlog_->missed += items;
  }

 private:
  friend class SharedLog;

  struct Kept {
    ItemLog::EntryPtr entry;
    std::uint64_t offset;
  };
  /// For `drop_newest`: what the log may have dropped.
  struct Backlog {
    std::deque<Kept> entries;
    std::uint64_t missed = 0;      // behind them
    std::uint64_t most_items = 0;  // as many as one may be behind, or as it began with
    std::uint64_t most_bytes = 0;
  };

  void begin(const SubscribeOptions& options);
  void resume(const SubscribeOptions& options);
  bool resume_behind_own(const std::string& id);
  void begin_at(std::uint64_t offset);
  bool step_outside();
  void keep_backlog();
  void miss(std::optional<std::uint64_t> count, std::string_view behind);
  Step skip_to(std::uint64_t offset);
  Step give(ItemLog::EntryPtr entry, std::uint64_t offset);
  Step advance_in_log();
  Step advance_in_backlog();
  Step at_end() noexcept;

  std::shared_ptr<SharedLog> log_;
  Event& changed_;
  ItemLog::EntryPtr entry_;                      // what is with the consumer
  std::uint64_t given_ = 0;                      // its offset
  std::unique_ptr<SharedLog::Beginning> begin_;  // until it has begun
  std::unique_ptr<Backlog> backlog_;
  std::unique_ptr<std::string> gap_;
  std::unique_ptr<std::string> outside_;
  OnGap on_gap_;
  bool catches_up_;
  bool gap_first_ = false;
  bool waiting_ = false;
};

/// Writes the ids of the items of a log.
class LogIds final : public IdWriter {
 public:
  explicit LogIds(const SharedLog& log) noexcept : log_(log) {}
  std::string_view write_id(std::uint64_t place) noexcept override {
    return {text_.data(), static_cast<std::size_t>(log_.write_id(place, text_.data()) - text_.data())};
  }

 private:
  const SharedLog& log_;
  std::array<char, SharedLog::most_id> text_;
};

/// A name for an epoch that nobody else has.
std::string random_epoch();

}  // namespace coyield::generators
