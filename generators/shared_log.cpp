// The log is all that there is: a subscriber is an offset into it. Whoever lags reads on from where it
// stands, and finds out by itself that the log does not reach back so far any more: what a slow one costs the
// others is nothing. The log reaches as far as `replay` and, where somebody needs it, as far as `queue`. Two
// policies cannot be had so: `drop_newest` keeps what the log has dropped, and so has a list of entries for
// each subscriber; `block` has to look at all of them when the log is full.
#include <coyield/generators/shared_log.hpp>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/source.hpp>
#include <cstdio>
#include <random>
#include <utility>

namespace coyield::generators {

namespace {

/// Appended items between two looks at how far back the log has to reach.
constexpr unsigned items_per_trim = 64;

/// Of the newest items, for the id that a client has; one that is not among them is caught up with.
constexpr std::uint64_t most_looked_at = 4096;

/// In the place of an offset: no item of that epoch yet.
constexpr std::string_view none = "none";

/// What an id says: the epoch, and the offset behind that of the item.
struct Position {
  std::string_view epoch;
  std::uint64_t behind = 0;
};

/// None for what is no id of a log.
std::optional<Position> parse_position(std::string_view id) {
  const std::size_t dash = id.rfind('-');
  if (dash == std::string_view::npos || dash == 0) return std::nullopt;
  const std::string_view digits = id.substr(dash + 1);
  Position position{.epoch = id.substr(0, dash)};
  if (digits == none) return position;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), position.behind);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return ++position.behind == 0 ? std::nullopt : std::optional(position);
}

/// What a gap says: how many items are missing, where that is known, and behind which.
Buffer gap_text(std::optional<std::uint64_t> count, std::string_view behind) {
  Buffer text;
  text.append("{");
  if (count) {
    text.append("\"count\":");
    append_integer(text, *count);
    text.append(",");
  }
  if (!behind.empty()) {
    text.append("\"from\":");
    append_json_string(text, behind);
  } else if (count) {
    text.resize(text.size() - 1);
  }
  text.append("}");
  return text;
}

}  // namespace

std::string random_epoch() {
  std::random_device random;
  const std::uint64_t number = (std::uint64_t{random()} << 32U) | random();
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%012llx", static_cast<unsigned long long>(number >> 16U));
  return text.data();
}

// ---- the log

SharedLog::SharedLog(Loop& loop, LogOptions options, std::string epoch) : loop_(loop), options_(options) {
  epochs_.push_back({0, epoch.empty() ? random_epoch() : std::move(epoch)});
  assert(epochs_.back().name.size() <= most_epoch);
}

SharedLog::~SharedLog() = default;

AsyncGenerator<Item> SharedLog::subscribe(SubscribeOptions options, std::shared_ptr<StartPosition> start,
                                          MakeAlone alone) {
  return follow(shared_from_this(), std::move(options), std::move(start), std::move(alone));
}

AsyncGenerator<Item> SharedLog::follow(std::shared_ptr<SharedLog> log, SubscribeOptions options,
                                       std::shared_ptr<StartPosition> start, MakeAlone alone) {
  using Step = Cursor::Step;
  Event changed;
  LogIds ids(*log);
  Cursor cursor(log, std::move(options), changed);
  for (;;) {
    cursor.settle();
    if (const std::string* behind = cursor.outside()) {
      AsyncGenerator<Item> by_itself = alone(*behind);
      while (cursor.outside() != nullptr) {
        auto item = co_await by_itself.next();
        if (!item) co_return;
        if (is_gap(*item) && cursor.fails_on_gap()) refuse_gap(*item);
        cursor.meet(item->id());
        co_yield std::move(*item);
      }
      continue;
    }
    if (start && start->id.empty()) start->id = cursor.position();
    const Step step = cursor.advance();
    if (step == Step::item) {
      Item item = cursor.item(ids);
      co_yield std::move(item);
    } else if (step == Step::gap) {
      Item gap = Item::gap(cursor.gap());
      co_yield std::move(gap);
    } else if (step == Step::wait) {
      co_await changed.wait();
    } else if (step == Step::end) {
      break;
    }
  }
  if (log->failure()) std::rethrow_exception(log->failure());
}

const std::string& SharedLog::epoch_at(std::uint64_t offset) const noexcept {
  auto epoch = epochs_.rbegin();
  while (epoch->first > offset && epoch + 1 != epochs_.rend()) ++epoch;
  return epoch->name;
}

char* SharedLog::write_id(std::uint64_t offset, char* out) const noexcept {
  const std::string& epoch = epoch_at(offset);
  out = std::copy(epoch.begin(), epoch.end(), out);
  *out++ = '-';
  return std::to_chars(out, out + 20, offset).ptr;
}

std::string SharedLog::position_of(std::uint64_t offset) const {
  if (options_.own_ids) {
    if (offset == log_.end() && newest_) return std::string(newest_->item.id());
    if (offset > log_.first() && offset <= log_.end()) return std::string(log_.at(offset - 1)->item.id());
    return offset == 0 && !newest_ ? start_position() : std::string();
  }
  if (offset == 0) return epoch_at(0) + "-" + std::string(none);
  std::array<char, most_id> text;
  return {text.data(), write_id(offset - 1, text.data())};
}

void SharedLog::join(Follower& follower) { followers_.push_back(follower); }

void SharedLog::leave(Follower& follower) noexcept {
  followers_.erase(followers_.iterator_to(follower));
  advanced();
  if (followers_.empty()) unwanted();
}

void SharedLog::append(const Item& item) {
  append(ItemLog::EntryPtr(new ItemLog::Entry(item, log_.bytes_ever(), loop_.now())));
}

void SharedLog::append(ItemLog::EntryPtr entry) {
  const std::uint64_t offset = log_.end();
  const ItemLog::EntryPtr& kept = log_.append(std::move(entry));
  newest_ = kept;
  figures_.end.set(log_.end());
  figures_.bytes.set(log_.bytes_ever());
  figures_.newest.set(static_cast<std::uint64_t>(kept->at.count()));
  if (options_.slow == SlowPolicy::drop_newest) {
    for (Follower& follower : followers_) follower.appended(kept, offset);
  }
  if (++untrimmed_ >= items_per_trim) trim();
}

void SharedLog::begin_epoch(std::string name) {
  const std::uint64_t end = log_.end();
  const Buffer missing = gap_text(std::nullopt, position_of(end));
  epochs_.push_back({end, std::move(name)});
  append(Item::gap(missing.view()));
}

void SharedLog::forget_all(std::uint64_t offset, std::string epoch) {
  log_.forget_all(offset);
  newest_.reset();
  epochs_.clear();
  epochs_.push_back({offset, std::move(epoch)});
  replay_first_ = queue_first_ = offset;
  untrimmed_ = 0;
}

void SharedLog::skip_to(std::uint64_t offset) {
  for (Follower& follower : followers_) follower.skipped(offset - log_.end());
  log_.forget_all(offset);
  replay_first_ = queue_first_ = offset;
  untrimmed_ = 0;
}

void SharedLog::finish(std::exception_ptr failure) {
  ended_ = true;
  failure_ = std::move(failure);
}

void SharedLog::tell_all() noexcept {
  for (Follower& follower : followers_) follower.changed();
}

bool SharedLog::may_come(std::string_view id) const noexcept {
  const auto position = parse_position(id);
  return position && position->behind > log_.end() && position->epoch == epoch();
}

bool SharedLog::blocked() const noexcept {
  if (options_.slow != SlowPolicy::block) return false;
  return std::any_of(followers_.begin(), followers_.end(), [this](const Follower& follower) {
    return follower.offset() < log_.end() && (log_.end() - follower.offset() >= options_.queue.items ||
                                              log_.bytes_from(follower.offset()) >= options_.queue.bytes);
  });
}

std::uint64_t SharedLog::needed() const noexcept {
  std::uint64_t needed = log_.end();
  for (const Follower& follower : followers_) needed = std::min(needed, follower.offset());
  return needed;
}

std::uint64_t SharedLog::replay_first() {
  return replay_first_ = log_.first_within(options_.replay, loop_.now(), replay_first_);
}

/// Drops what nobody can ask for any more. With `block` nobody is ever behind the queue, or the end of a
/// replay that it is reading.
void SharedLog::trim() {
  untrimmed_ = 0;
  queue_first_ = log_.first_within(options_.queue, loop_.now(), queue_first_);
  std::uint64_t first = options_.slow == SlowPolicy::drop_newest ? log_.end() : needed();
  if (options_.slow != SlowPolicy::block) first = std::max(first, queue_first_);
  log_.drop_before(std::min(replay_first(), first));
  while (epochs_.size() > 1 && epochs_[1].first <= log_.first()) epochs_.erase(epochs_.begin());
}

// ---- one subscriber

Cursor::Cursor(std::shared_ptr<SharedLog> log, SubscribeOptions options, Event& changed)
    : log_(std::move(log)), changed_(changed), on_gap_(options.on_gap), catches_up_(options.catches_up) {
  SharedLog::Beginning beginning{.options = std::move(options)};
  log_->wanted();
  log_->join(*this);
  try {
    if (log_->may_begin(beginning)) {
      begin(beginning.options);
    } else {
      begin_ = std::make_unique<SharedLog::Beginning>(std::move(beginning));
    }
  } catch (...) {
    log_->leave(*this);  // what was started for it may go
    throw;
  }
}

Cursor::~Cursor() { log_->leave(*this); }

void Cursor::begin(const SubscribeOptions& options) {
  const std::uint64_t first = log_->replay_first();
  const std::uint64_t end = log_->log().end();
  if (!options.resume_after.empty()) {
    resume(options);
  } else if (options.from_start && options.catches_up && end != 0) {
    outside_ = std::make_unique<std::string>();
  } else {
    begin_at(options.last >= end - first ? first : end - options.last);
  }
  if (!outside_) keep_backlog();
}

/// Looks for the item itself: clients that come back have mostly not been away for long.
bool Cursor::resume_behind_own(const std::string& id) {
  const ItemLog& log = log_->log();
  if (log_->position_of(log.end()) == id) {
    begin_at(log.end());
    return true;
  }
  const std::uint64_t least = log.end() > most_looked_at ? log.end() - most_looked_at : 0;
  const std::uint64_t first = std::max(log_->replay_first(), least);
  for (std::uint64_t offset = log.end(); offset > first; --offset) {
    if (log.at(offset - 1)->item.id() != id) continue;
    begin_at(offset);
    return true;
  }
  return false;
}

bool Cursor::meet(std::string_view id) {
  const ItemLog& log = log_->log();
  if (id.empty() || log.end() == log.first()) return false;
  for (const std::uint64_t offset : {log.end() - 1, log.first()}) {
    if (log.at(offset)->item.id() != id) continue;
    outside_.reset();
    begin_at(offset + 1);
    keep_backlog();
    return true;
  }
  return false;
}

void Cursor::resume(const SubscribeOptions& options) {
  if (log_->options().own_ids) {
    if (resume_behind_own(options.resume_after)) return;
    if (options.catches_up) {
      outside_ = std::make_unique<std::string>(options.resume_after);
      return;
    }
  }
  const std::uint64_t first = log_->replay_first();
  const auto position = parse_position(options.resume_after);
  const std::uint64_t behind = position ? position->behind : 0;
  // One that is not there any more may have been of an epoch that is forgotten.
  const bool ours = position && !log_->options().own_ids && behind <= log_->log().end() &&
                    log_->epoch_at(behind == 0 ? 0 : behind - 1) == position->epoch;
  if (ours && behind >= first) {
    begin_at(behind);
    return;
  }
  if (options.on_gap == OnGap::fail) {
    throw Failure(FailureKind::gone, "what comes behind the id \"" + options.resume_after +
                                         "\" is not there any more, and on_gap=fail was asked for");
  }
  miss(ours ? std::optional(first - behind) : std::nullopt, options.resume_after);
  begin_at(first);
  gap_first_ = true;
}

/// It needs all from `offset` on. The one in front of it is kept: it is the way back, should it fall behind.
void Cursor::begin_at(std::uint64_t offset) {
  const ItemLog& log = log_->log();
  offset_.set(offset);
  if (!catches_up_ || offset == 0) return;
  if (offset == log.end()) {
    entry_ = log_->newest_;
  } else if (offset > log.first()) {
    entry_ = log.at(offset - 1);
  }
}

/// For `drop_newest`.
void Cursor::keep_backlog() {
  if (log_->options().slow != SlowPolicy::drop_newest) return;
  const ItemLog& log = log_->log();
  backlog_ = std::make_unique<Backlog>();
  for (std::uint64_t offset = this->offset(); offset < log.end(); ++offset)
    backlog_->entries.push_back({log.at(offset), offset});
  backlog_->most_items = std::max<std::uint64_t>(log_->options().queue.items, backlog_->entries.size());
  backlog_->most_bytes = std::max(log_->options().queue.bytes, log.bytes_from(offset()));
}

/// For `drop_newest`: keeps the entry, or counts it as missed.
void Cursor::appended(const ItemLog::EntryPtr& entry, std::uint64_t offset) {
  if (!backlog_) return;
  Backlog& backlog = *backlog_;
  const auto bytes = [&] { return log_->log().bytes_ever() - backlog.entries.front().entry->bytes_before; };
  if (backlog.missed != 0 || backlog.entries.size() >= backlog.most_items ||
      (!backlog.entries.empty() && bytes() > backlog.most_bytes)) {
    ++backlog.missed;
  } else {
    backlog.entries.push_back({entry, offset});
  }
}

void Cursor::miss(std::optional<std::uint64_t> count, std::string_view behind) {
  gap_ = std::make_unique<std::string>(gap_text(count, behind).view());
}

/// The items in between are lost for this subscriber, and it is told.
Cursor::Step Cursor::skip_to(std::uint64_t offset) {
  const std::uint64_t from = offset_.value();
  offset_.set(offset);
  miss(offset - from, log_->position_of(from));
  return Step::gap;
}

Cursor::Step Cursor::give(ItemLog::EntryPtr entry, std::uint64_t offset) {
  if (entry->item.kind() == PayloadKind::gap) {
    gap_ = std::make_unique<std::string>(entry->item.payload());
    return Step::gap;
  }
  entry_ = std::move(entry);
  given_ = offset;
  return Step::item;
}

Cursor::Step Cursor::at_end() noexcept {
  if (log_->ended()) return Step::end;
  waiting_ = true;
  return Step::wait;
}

/// From where the items come it can have them at its own pace, behind the one that it has had.
bool Cursor::step_outside() {
  std::string behind = entry_ ? std::string(entry_->item.id()) : log_->start_position();
  if (behind.empty()) return false;
  outside_ = std::make_unique<std::string>(std::move(behind));
  entry_.reset();
  offset_.set(SubscribeOptions::all);  // it needs nothing of the log
  return true;
}

void Cursor::settle() {
  if (begin_ && log_->may_begin(*begin_)) begin(std::exchange(begin_, nullptr)->options);
}

Cursor::Step Cursor::advance() {
  if (!catches_up_) entry_.reset();
  settle();
  if (begin_) return at_end();
  if (outside_) return Step::outside;
  const Step step = std::exchange(gap_first_, false) ? Step::gap
                    : backlog_                       ? advance_in_backlog()
                                                     : advance_in_log();
  if (step == Step::gap && on_gap_ == OnGap::fail)
    throw Failure(FailureKind::gone, "items are missing here, and on_gap=fail was asked for: " + *gap_);
  return step;
}

Cursor::Step Cursor::advance_in_log() {
  const ItemLog& log = log_->log();
  const SlowPolicy slow = log_->options().slow;
  const std::uint64_t offset = this->offset();
  if (offset < log.first()) {
    if (slow == SlowPolicy::disconnect && catches_up_ && step_outside()) return Step::outside;
    if (slow == SlowPolicy::disconnect)
      throw Failure(FailureKind::too_slow, std::to_string(log.end() - offset) + " items behind");
    return skip_to(log.first());
  }
  if (slow == SlowPolicy::latest && offset + 1 < log.end()) return skip_to(log.end() - 1);
  if (offset == log.end()) return at_end();
  const Step step = give(log.at(offset), offset);
  offset_.set(offset + 1);
  log_->advanced();
  return step;
}

Cursor::Step Cursor::advance_in_backlog() {
  Backlog& backlog = *backlog_;
  if (!backlog.entries.empty()) {
    Kept kept = std::move(backlog.entries.front());
    backlog.entries.pop_front();
    offset_.set(kept.offset + 1);
    return give(std::move(kept.entry), kept.offset);
  }
  if (backlog.missed != 0) return skip_to(offset() + std::exchange(backlog.missed, 0));
  return at_end();
}

Cursor::Step Cursor::peek() noexcept {
  if (outside_) return at_end();
  if (begin_ && !log_->may_begin(*begin_)) return at_end();
  if (gap_first_) return Step::gap;
  const bool there =
      backlog_ ? !backlog_->entries.empty() || backlog_->missed != 0 : offset() < log_->log().end();
  return there || begin_ ? Step::item : at_end();
}

Item SharedLog::item_of(const ItemLog::Entry& entry, std::uint64_t offset, IdWriter& ids) const {
  Item item;
  const Item& kept = entry.item;
  if (kept.is_value()) {
    item = kept.own();
  } else {
    item.set(kept.kind(), kept.payload());
    item.set_event(kept.event());
  }
  if (options_.own_ids) {
    item.set_id(kept.id());
  } else {
    item.set_id(ids, offset);
  }
  return item;
}

bool Cursor::follows_log() const noexcept {
  return !begin_ && !outside_ && !gap_first_ && !backlog_ && log_->options().slow != SlowPolicy::latest &&
         offset() >= log_->log().first();
}

void Cursor::pass(std::uint64_t items) {
  offset_.add(items);
  if (catches_up_) entry_ = log_->log().at(offset() - 1);
  log_->advanced();
}

}  // namespace coyield::generators
