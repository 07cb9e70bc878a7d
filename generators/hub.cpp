// The log is all that there is: a subscriber is an offset into it. Whoever lags reads on from where it
// stands, and finds out by itself that the log does not reach back so far any more: what a slow one costs the
// others is nothing. The log reaches as far as `replay` and, where somebody needs it, as far as `queue`. Two
// policies cannot be had so: `drop_newest` keeps what the log has dropped, and so has a list of entries for
// each subscriber; `block` has to look at all of them when the log is full.
#include <coyield/generators/hub.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_text.hpp>
#include <cstdio>
#include <random>
#include <utility>

namespace coyield::generators {

namespace {

/// Between two looks at the other things that the loop has to do, at the most.
constexpr std::uint64_t items_per_turn = 64;
/// Appended items between two looks at how far back the log has to reach.
constexpr unsigned items_per_trim = 64;

std::string random_epoch() {
  std::random_device random;
  const std::uint64_t number = (std::uint64_t{random()} << 32U) | random();
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%012llx", static_cast<unsigned long long>(number >> 16U));
  return text.data();
}

/// What an id says: the hub and the offset of an item.
struct Position {
  std::string_view epoch;
  std::uint64_t offset = 0;
};

Position parse_position(std::string_view id) {
  const std::size_t dash = id.rfind('-');
  Position position;
  if (dash != std::string_view::npos && dash != 0) {
    const std::string_view digits = id.substr(dash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), position.offset);
    position.epoch = id.substr(0, dash);
    const bool largest = position.offset == std::numeric_limits<std::uint64_t>::max();
    if (error == std::errc() && end == digits.data() + digits.size() && !largest) return position;
  }
  throw Failure(FailureKind::invalid,
                "no item of this stream has ever had the id \"" + std::string(id) + "\"");
}

}  // namespace

/// Stands in the frame of a subscriber's generator.
class Hub::Subscriber final : public Hook, public IdWriter {
 public:
  enum class Step : unsigned char { item, gap, wait, end };

  Subscriber(std::shared_ptr<Hub> hub, const SubscribeOptions& options) : hub_(std::move(hub)) {
    if (!options.resume_after.empty()) parse_position(options.resume_after);  // or nothing is started
    if (!hub_->running_ && !hub_->ended_) hub_->start();
    begin(options);
    hub_->join(*this);
  }
  ~Subscriber() { hub_->leave(*this); }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  /// Goes on to the next item: which it is, or what is to be done instead.
  Step advance();
  /// The item, with its id; it and the gap borrow from this.
  Item item() {
    Item item;
    const Item& kept = entry_->item;
    if (kept.is_value()) {
      item = kept.own();
    } else {
      item.set(kept.kind(), kept.payload());
      item.set_event(kept.event());
    }
    item.set_id(*this, given_);
    return item;
  }
  std::string_view gap() const noexcept { return gap_; }
  Event& changed() noexcept { return changed_; }
  void rethrow_failure() const {
    if (hub_->failure_) std::rethrow_exception(hub_->failure_);
  }

  /// What it still needs of the log.
  std::uint64_t offset() const noexcept { return offset_; }
  /// For `drop_newest`: keeps the entry, or counts it as missed.
  void offer(const ItemLog::EntryPtr& entry, std::uint64_t offset);

  std::string_view write_id(std::uint64_t place) noexcept override {
    char* end = std::copy(hub_->epoch().begin(), hub_->epoch().end(), id_.data());
    *end++ = '-';
    end = std::to_chars(end, id_.data() + id_.size(), place).ptr;
    return {id_.data(), static_cast<std::size_t>(end - id_.data())};
  }

 private:
  static constexpr std::size_t most_epoch = 64;

  struct Kept {
    ItemLog::EntryPtr entry;
    std::uint64_t offset;
  };

  void begin(const SubscribeOptions& options);
  void resume(std::string_view id);
  void miss(std::optional<std::uint64_t> count, std::string_view behind);
  Step skip_to(std::uint64_t offset);
  Step give(const ItemLog::EntryPtr& entry, std::uint64_t offset);
  Step advance_in_log();
  Step advance_in_backlog();

  std::shared_ptr<Hub> hub_;
  Event changed_;
  ItemLog::EntryPtr entry_;       // what the consumer has
  std::uint64_t given_ = 0;       // its offset
  std::uint64_t offset_ = 0;      // of the next item
  std::deque<Kept> backlog_;      // for `drop_newest`
  std::uint64_t missed_ = 0;      // behind the backlog
  std::uint64_t most_items_ = 0;  // in it: as many as one may be behind, or as it began with
  std::uint64_t most_bytes_ = 0;
  std::string gap_;
  bool gap_first_ = false;
  std::array<char, most_epoch + 24> id_;

  friend class Hub;
};

void Hub::Subscriber::begin(const SubscribeOptions& options) {
  assert(hub_->epoch().size() <= most_epoch);
  const std::uint64_t first = hub_->replay_first();
  const std::uint64_t end = hub_->log_.end();
  if (!options.resume_after.empty()) return resume(options.resume_after);
  offset_ = options.last >= end - first ? first : end - options.last;
}

void Hub::Subscriber::resume(std::string_view id) {
  const Position position = parse_position(id);
  const std::uint64_t first = hub_->replay_first();
  const bool ours = position.epoch == hub_->epoch() && position.offset < hub_->log_.end();
  offset_ = ours ? std::max(position.offset + 1, first) : first;
  if (!ours) {
    miss(std::nullopt, id);
  } else if (position.offset + 1 < first) {
    miss(first - (position.offset + 1), id);
  } else {
    return;
  }
  gap_first_ = true;
}

void Hub::Subscriber::miss(std::optional<std::uint64_t> count, std::string_view behind) {
  Buffer text;
  text.append("{");
  if (count) {
    text.append("\"count\":");
    append_integer(text, *count);
    text.append(",");
  }
  text.append("\"from\":");
  append_json_string(text, behind);
  text.append("}");
  gap_ = text.view();
}

/// The items in between are lost for this subscriber, and it is told.
Hub::Subscriber::Step Hub::Subscriber::skip_to(std::uint64_t offset) {
  const std::uint64_t count = offset - std::exchange(offset_, offset);
  miss(count, offset == count ? std::string_view() : write_id(offset - count - 1));
  return Step::gap;
}

Hub::Subscriber::Step Hub::Subscriber::give(const ItemLog::EntryPtr& entry, std::uint64_t offset) {
  entry_ = entry;
  given_ = offset;
  return Step::item;
}

Hub::Subscriber::Step Hub::Subscriber::advance() {
  entry_.reset();
  if (std::exchange(gap_first_, false)) return Step::gap;
  return hub_->options_.slow == SlowPolicy::drop_newest ? advance_in_backlog() : advance_in_log();
}

Hub::Subscriber::Step Hub::Subscriber::advance_in_log() {
  const ItemLog& log = hub_->log_;
  if (offset_ < log.first()) {
    if (hub_->options_.slow == SlowPolicy::disconnect)
      throw Failure(FailureKind::unavailable,
                    "too slow: " + std::to_string(log.end() - offset_) + " items behind");
    return skip_to(log.first());
  }
  if (hub_->options_.slow == SlowPolicy::latest && offset_ + 1 < log.end()) return skip_to(log.end() - 1);
  if (offset_ == log.end()) return hub_->ended_ ? Step::end : Step::wait;
  const Step step = give(log.at(offset_), offset_);
  ++offset_;
  if (hub_->blocked_) hub_->go_on();
  return step;
}

Hub::Subscriber::Step Hub::Subscriber::advance_in_backlog() {
  if (!backlog_.empty()) {
    const Kept kept = std::move(backlog_.front());
    backlog_.pop_front();
    offset_ = kept.offset + 1;
    return give(kept.entry, kept.offset);
  }
  if (missed_ != 0) return skip_to(offset_ + std::exchange(missed_, 0));
  return hub_->ended_ ? Step::end : Step::wait;
}

void Hub::Subscriber::offer(const ItemLog::EntryPtr& entry, std::uint64_t offset) {
  const auto bytes = [this] { return hub_->log_.bytes_ever() - backlog_.front().entry->bytes_before; };
  if (missed_ != 0 || backlog_.size() >= most_items_ || (!backlog_.empty() && bytes() > most_bytes_)) {
    ++missed_;
  } else {
    backlog_.push_back({entry, offset});
  }
}

Hub::Hub(Loop& loop, Factory factory, ShareOptions options)
    : loop_(loop), factory_(std::move(factory)), options_(std::move(options)) {
  if (options_.epoch.empty()) options_.epoch = random_epoch();
}

Hub::~Hub() = default;

std::shared_ptr<Hub> Hub::make(Loop& loop, Factory factory, ShareOptions options) {
  std::shared_ptr<Hub> hub(new Hub(loop, std::move(factory), std::move(options)));
  if (hub->options_.start == SharedStart::at_once) hub->start();
  return hub;
}

AsyncGenerator<Item> Hub::subscribe(SubscribeOptions options) {
  return follow(shared_from_this(), std::move(options));
}

AsyncGenerator<Item> Hub::follow(std::shared_ptr<Hub> hub, SubscribeOptions options) {
  using Step = Subscriber::Step;
  Subscriber subscriber(std::move(hub), options);
  for (;;) {
    const Step step = subscriber.advance();
    if (step == Step::item) {
      Item item = subscriber.item();
      co_yield std::move(item);
    } else if (step == Step::gap) {
      Item gap = Item::gap(subscriber.gap());
      co_yield std::move(gap);
    } else if (step == Step::wait) {
      co_await subscriber.changed().wait();
    } else {
      break;
    }
  }
  subscriber.rethrow_failure();
}

void Hub::join(Subscriber& subscriber) {
  subscribers_.push_back(subscriber);
  linger_.cancel();
  if (options_.slow == SlowPolicy::drop_newest) {
    for (std::uint64_t offset = subscriber.offset(); offset < log_.end(); ++offset)
      subscriber.backlog_.push_back({log_.at(offset), offset});
    subscriber.most_items_ = std::max<std::uint64_t>(options_.queue.items, subscriber.backlog_.size());
    subscriber.most_bytes_ = std::max(options_.queue.bytes, log_.bytes_from(subscriber.offset()));
  }
}

void Hub::leave(Subscriber& subscriber) noexcept {
  subscribers_.erase(subscribers_.iterator_to(subscriber));
  if (blocked_) go_on();
  if (!subscribers_.empty() || !running_ || options_.start == SharedStart::at_once) return;
  if (options_.linger.count() == 0) {
    stop();
  } else {
    loop_.after(options_.linger, linger_);
  }
}

void Hub::start() {
  if (log_.end() != 0 && source_id_.empty()) begin_epoch();
  try {
    consumer_ = Consumer<Item>(loop_, factory_(source_id_));
  } catch (...) {
    return finish(std::current_exception());
  }
  running_ = true;
  waiting_ = blocked_ = false;
  loop_.soon(pump_);  // not within whoever subscribes: it may be one of many
}

/// What was before has nothing to do with what comes.
void Hub::begin_epoch() {
  options_.epoch = random_epoch();
  log_ = ItemLog();
  replay_first_ = queue_first_ = untrimmed_ = 0;
}

void Hub::stop() noexcept {
  running_ = waiting_ = blocked_ = false;
  pump_.cancel();
  linger_.cancel();
  consumer_.reset();
}

/// Subscribers run between two turns: in one, nobody who keeps up may fall behind by more than half of what
/// is allowed.
void Hub::take_some() {
  const std::shared_ptr<Hub> kept = shared_from_this();
  const std::uint64_t begin = log_.end();
  const std::uint64_t bytes = log_.bytes_ever();
  const std::uint64_t most = std::clamp<std::uint64_t>(options_.queue.items / 2, 1, items_per_turn);
  while (log_.end() - begin < most && log_.bytes_ever() - bytes <= options_.queue.bytes / 2) {
    if (!take_one()) return wake_all();
  }
  wake_all();
  loop_.soon(pump_);
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
    consumer_.on_ready(&on_ready, this);
    return false;
  }
  try {
    if (auto item = consumer_.item()) {
      append(*item);
      return true;
    }
    finish(nullptr);
  } catch (...) {
    finish(std::current_exception());
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

void Hub::append(const Item& item) {
  const std::uint64_t offset = log_.end();
  const ItemLog::EntryPtr entry = log_.append(item, loop_.now());
  if (options_.slow == SlowPolicy::drop_newest) {
    for (Subscriber& subscriber : subscribers_) subscriber.offer(entry, offset);
  }
  source_id_ = item.id();
  if (++untrimmed_ >= items_per_trim) trim();
}

void Hub::finish(std::exception_ptr failure) {
  stop();
  ended_ = true;
  failure_ = std::move(failure);
}

void Hub::wake_all() noexcept {
  for (Subscriber& subscriber : subscribers_) subscriber.changed().set();
}

/// Whether a subscriber is as far behind as one may be, where all wait for it.
bool Hub::blocked() const noexcept {
  if (options_.slow != SlowPolicy::block) return false;
  return std::any_of(subscribers_.begin(), subscribers_.end(), [this](const Subscriber& subscriber) {
    return log_.end() - subscriber.offset() >= options_.queue.items ||
           log_.bytes_from(subscriber.offset()) >= options_.queue.bytes;
  });
}

void Hub::go_on() {
  if (blocked()) return;
  blocked_ = false;
  loop_.soon(pump_);
}

std::uint64_t Hub::replay_first() {
  return replay_first_ = log_.first_within(options_.replay, loop_.now(), replay_first_);
}

/// Drops what nobody can ask for any more. With `block` nobody is ever behind the queue, or the end of a
/// replay that it is reading.
void Hub::trim() {
  untrimmed_ = 0;
  queue_first_ = log_.first_within(options_.queue, loop_.now(), queue_first_);
  std::uint64_t needed = log_.end();
  if (options_.slow != SlowPolicy::drop_newest) {
    for (const Subscriber& subscriber : subscribers_) needed = std::min(needed, subscriber.offset());
  }
  if (options_.slow != SlowPolicy::block) needed = std::max(needed, queue_first_);
  log_.drop_before(std::min(replay_first(), needed));
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
