#include <coyield/generators/mirror.hpp>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace coyield::generators {

namespace {

/// Entries that cross at a time.
constexpr std::size_t most_in_batch = 512;
/// Entries that may be on their way, beyond which it is of no use to send more.
constexpr std::uint64_t most_under_way = 2048;

}  // namespace

// The two ends know each other by weak pointers alone, and talk by handlers that are posted: each is touched,
// and destroyed, on its own thread, as those of a relay are. An end that goes with its loop cannot be locked
// any more, so that nothing is posted to a loop that is gone.

/// The end at the hub: a follower that sends what it reads. It owns itself from `start` on, until nobody is
/// there to send to, or its loop is going away.
class MirrorLink final : public Follower, public Wakeup, public std::enable_shared_from_this<MirrorLink> {
 public:
  MirrorLink(const Executor& here, std::weak_ptr<Mirror> mirror) : here_(here), mirror_(std::move(mirror)) {}
  ~MirrorLink() { leave(); }
  MirrorLink(const MirrorLink&) = delete;
  MirrorLink& operator=(const MirrorLink&) = delete;

  void start(const Executor& on, const std::function<std::shared_ptr<SharedLog>()>& home) {
    if (mirror_.expired()) return;
    self_ = shared_from_this();
    Loop::of(on).park(*this);
    try {
      log_ = home();
      log_->wanted();
    } catch (...) {
      send({.complete = true, .ended = true, .failure = std::current_exception()});
      return stop();
    }
    sent_ = log_->replay_first();
    offset_.set(sent_);
    log_->join(*this);
    send_some();
  }
  /// So many entries have come, and the mirror needs all from `needed` on.
  void acknowledge(std::uint64_t arrived, std::uint64_t needed) {
    if (!log_) return;
    arrived_ = arrived;
    if (waits()) offset_.set(needed);
    log_->advanced();
    send_some();
  }
  /// The mirror wants to know when all is there that is here now.
  void ask(std::uint64_t question) {
    asked_ = question;
    if (log_) send_some();
  }
  void stop() noexcept {
    cancel();
    leave();
    self_.reset();
  }

  void changed() noexcept override { send_some(); }

 private:
  void send_some() {
    if (over_) return;
    const ItemLog& log = log_->log();
    sent_ = std::max(sent_, log.first());
    while (sent_ < log.end() && departed_ - arrived_ < most_under_way) send(next());
    if (sent_ < log.end() || over_) return;
    if (log_->ended()) {
      over_ = true;
      send({.first = sent_, .complete = true, .ended = true, .failure = log_->failure()});
    } else if (!complete_ || asked_ != answered_) {
      answered_ = asked_;
      complete_ = true;
      send({.first = sent_,
            .epochs = log_->epochs_,
            .start = log_->start_position(),
            .complete = true,
            .answer = answered_});
    }
  }
  /// The hub waits for those who read the mirror.
  bool waits() const noexcept { return log_->options().slow == SlowPolicy::block; }
  Mirror::Batch next() {
    const ItemLog& log = log_->log();
    Mirror::Batch batch{.first = sent_};
    const std::uint64_t end = std::min<std::uint64_t>(log.end(), sent_ + most_in_batch);
    batch.entries.reserve(end - sent_);
    for (; sent_ < end; ++sent_) batch.entries.push_back(log.at(sent_));
    departed_ += batch.entries.size();
    if (!waits()) offset_.set(sent_);
    const SharedLog::Epoch& epoch = log_->epochs_.back();
    if (epoch.name != epoch_) {
      epoch_ = epoch.name;
      batch.epochs = log_->epochs_;
    }
    return batch;
  }
  void send(Mirror::Batch&& batch) {
    if (mirror_.expired()) return;
    boost::asio::post(here_, [mirror = mirror_, sent = std::move(batch)]() mutable {
      if (const auto present = mirror.lock()) present->arrive(std::move(sent));
    });
  }
  void leave() noexcept {
    if (const std::shared_ptr<SharedLog> left = std::exchange(log_, nullptr); left && Follower::is_linked())
      left->leave(*this);
  }
  void woken() override {}
  void dropped() noexcept override { self_.reset(); }

  const Executor here_;
  const std::weak_ptr<Mirror> mirror_;
  std::shared_ptr<MirrorLink> self_;
  std::shared_ptr<SharedLog> log_;
  std::string epoch_;
  std::uint64_t sent_ = 0;      // offset: all below is on its way, or was
  std::uint64_t departed_ = 0;  // entries
  std::uint64_t arrived_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  bool complete_ = false;
  bool over_ = false;
};

std::shared_ptr<Mirror> Mirror::make(Loop& here, const Executor& there,
                                     std::function<std::shared_ptr<SharedLog>()> home, LogOptions options) {
  std::shared_ptr<Mirror> mirror(new Mirror(here, there, options));
  auto link = std::make_shared<MirrorLink>(here.executor(), std::weak_ptr<Mirror>(mirror));
  mirror->link_ = link;
  boost::asio::post(there, [started = std::move(link), there, at_home = std::move(home)] {
    started->start(there, at_home);
  });
  return mirror;
}

Mirror::~Mirror() {
  tell([](MirrorLink& link) { link.stop(); });
}

template <class Say>
void Mirror::tell(Say say) {
  if (link_.expired()) return;
  boost::asio::post(there_, [link = link_, said = std::move(say)] {
    if (const auto present = link.lock()) said(*present);
  });
}

void Mirror::arrive(Batch&& batch) {
  const std::shared_ptr<SharedLog> kept = shared_from_this();
  if (!batch.epochs.empty()) set_epochs(std::move(batch.epochs));
  if (batch.first != log().end()) skip_to(batch.first);  // what did not come over in time
  arrived_ += batch.entries.size();
  for (ItemLog::EntryPtr& entry : batch.entries) append(std::move(entry));
  if (!batch.start.empty()) start_ = std::move(batch.start);
  ready_ |= batch.complete;
  answered_ = std::max(answered_, batch.answer);
  if (batch.ended) finish(std::move(batch.failure));
  loop().soon(report_);
  tell_all();
}

bool Mirror::may_begin(Beginning& wanted) {
  if (!ready_ || ended()) return ended();
  if (!may_come(wanted.options.resume_after)) return true;
  if (wanted.asked == 0) {
    wanted.asked = ++asked_;
    tell([question = asked_](MirrorLink& link) { link.ask(question); });
  }
  return answered_ >= wanted.asked;
}

/// It may not have been known when all that there was came over.
void Mirror::want_start_position() {
  if (ready_ && start_.empty() && answered_ == asked_)
    tell([question = ++asked_](MirrorLink& link) { link.ask(question); });
}

void Mirror::unwanted() noexcept {
  if (on_idle_) on_idle_();
}

void Mirror::advanced() noexcept {
  if (options().slow == SlowPolicy::block && !report_.scheduled()) loop().soon(report_);
}

void Mirror::report() {
  tell([arrived = arrived_, lowest = needed()](MirrorLink& link) { link.acknowledge(arrived, lowest); });
}

}  // namespace coyield::generators
