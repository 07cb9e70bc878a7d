#include <coyield/generators/loop.hpp>

#include <array>
#include <bit>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <limits>

namespace coyield::generators {

namespace {

constexpr std::chrono::nanoseconds tick = std::chrono::milliseconds(1);
/// Between two looks at timers and sockets.
constexpr int wakeups_in_a_row = 32;

std::uint64_t ticks_before(std::chrono::nanoseconds time) {
  return time.count() <= 0 ? 0 : static_cast<std::uint64_t>(time / tick);
}

/// Rounded up: a timer never fires early.
std::uint64_t ticks_until(std::chrono::nanoseconds time) {
  if (time.count() <= 0) return 0;
  return static_cast<std::uint64_t>((time - std::chrono::nanoseconds(1)) / tick) + 1;
}

}  // namespace

/// The slot of a timer is found from the highest bit in which its tick differs from the present one, six bits
/// a level. When the time reaches a slot of a higher level, what stands in it moves down. A cleared bit says
/// that a slot is empty; a set one that it may hold something, since a timer that is cancelled only leaves
/// its list.
class Loop::Wheel {
 public:
  static constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

  void insert(Wakeup& wakeup) {
    // What lies beyond the wheel waits in its last slot and is sorted in anew from there.
    const std::uint64_t due = std::min(std::max(wakeup.due_, elapsed_), elapsed_ + horizon - 1);
    const unsigned level = level_of(due);
    const auto slot = static_cast<unsigned>(due >> (level * bits)) & mask;
    levels_[level].slots[slot].push_back(wakeup);
    levels_[level].used |= std::uint64_t{1} << slot;
  }

  /// The tick at which something is to be done next: a timer fires, or a slot moves down.
  std::uint64_t next() noexcept {
    for (unsigned level = 0; level < depth; ++level) {
      const std::uint64_t due = next_of(level);
      if (due != never) return due;
    }
    return never;
  }

  /// Moves on to the tick that `next` gave; what fires there goes to `fired`.
  void advance_to(std::uint64_t due, List& fired) {
    elapsed_ = due;
    for (unsigned level = depth; level-- > 0;) {
      if (level != 0 && (due & ((std::uint64_t{1} << (level * bits)) - 1)) != 0) continue;
      const auto slot = static_cast<unsigned>(due >> (level * bits)) & mask;
      if ((levels_[level].used >> slot & 1) == 0) continue;
      levels_[level].used &= ~(std::uint64_t{1} << slot);
      List moving;
      moving.splice(moving.end(), levels_[level].slots[slot]);
      while (!moving.empty()) {
        Wakeup& wakeup = moving.front();
        moving.pop_front();
        if (wakeup.due_ <= due) {
          fired.push_back(wakeup);
        } else {
          insert(wakeup);
        }
      }
    }
  }

  /// Nothing is due up to `now`.
  void skip_to(std::uint64_t now) noexcept {
    if (now > elapsed_) elapsed_ = now;
  }

  Wakeup* any() noexcept {
    for (Level& level : levels_) {
      for (List& slot : level.slots) {
        if (!slot.empty()) return &slot.front();
      }
    }
    return nullptr;
  }

 private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned mask = 63;
  static constexpr unsigned depth = 6;
  static constexpr std::uint64_t horizon = std::uint64_t{1} << (bits * depth - 1);  // a year

  struct Level {
    std::uint64_t used = 0;
    std::array<List, 64> slots;
  };

  unsigned level_of(std::uint64_t due) const noexcept {
    const std::uint64_t differing = (elapsed_ ^ due) | mask;
    return std::min(static_cast<unsigned>(63 - std::countl_zero(differing)) / bits, depth - 1);
  }

  std::uint64_t next_of(unsigned level) noexcept {
    Level& here = levels_[level];
    const auto now_slot = static_cast<unsigned>(elapsed_ >> (level * bits)) & mask;
    while (here.used != 0) {
      const int ahead = std::countr_zero(std::rotr(here.used, static_cast<int>(now_slot)));
      const unsigned slot = (now_slot + static_cast<unsigned>(ahead)) & mask;
      if (here.slots[slot].empty()) {
        here.used &= ~(std::uint64_t{1} << slot);
        continue;
      }
      const unsigned shift = level * bits;
      const std::uint64_t round = elapsed_ >> shift;
      return (round + static_cast<unsigned>(ahead)) << shift;
    }
    return never;
  }

  std::uint64_t elapsed_ = 0;
  std::array<Level, depth> levels_;
};

struct Loop::Alarm {
  explicit Alarm(asio::io_context& context) : timer(context) {}
  asio::steady_timer timer;
  std::uint64_t armed = Wheel::never;  // the tick that the timer stands at
};

Loop& Loop::of(const Executor& executor) { return asio::use_service<Loop>(executor.context()); }

Loop::Loop(asio::execution_context& context)
    : service(context),
      context_(static_cast<asio::io_context&>(context)),
      wheel_(std::make_unique<Wheel>()),
      alarm_(std::make_unique<Alarm>(context_)) {
  wheel_->skip_to(ticks_before(now()));
}

Loop::~Loop() = default;

void Loop::use_manual_clock(std::shared_ptr<Clock> clock) {
  manual_ = std::move(clock);
  wheel_ = std::make_unique<Wheel>();
  wheel_->skip_to(ticks_before(now()));
}

void Loop::at(std::chrono::nanoseconds due, Wakeup& wakeup) {
  wakeup.cancel();
  wakeup.due_ = ticks_until(due);
  wheel_->insert(wakeup);
  if (alarm_ && !firing_ && wakeup.due_ < alarm_->armed) arm();
}

void Loop::soon(Wakeup& wakeup) {
  wakeup.cancel();
  soon_.push_back(wakeup);
  if (!posted_) {
    posted_ = true;
    asio::post(context_, [this] { run_soon(); });
  }
}

void Loop::park(Wakeup& wakeup) {
  wakeup.cancel();
  parked_.push_back(wakeup);
}

/// An exception must not lose what stands behind it.
struct Loop::Rest {
  Loop& loop;
  List& list;
  ~Rest() {
    while (!list.empty()) loop.soon(list.front());
  }
};

void Loop::call_all(List& list) {
  while (!list.empty()) {
    Wakeup& wakeup = list.front();
    list.pop_front();
    wakeup.woken();
  }
}

/// A crowd that is woken together must not keep timers and sockets waiting until the last of it has run: what
/// they bring can still be for it.
void Loop::run_soon() {
  auto end = soon_.begin();
  for (int i = 0; i < wakeups_in_a_row && end != soon_.end(); ++i) ++end;
  List now_running;
  now_running.splice(now_running.end(), soon_, soon_.begin(), end);
  posted_ = !soon_.empty();
  if (posted_) asio::post(context_, [this] { run_soon(); });
  const Rest rest{*this, now_running};
  call_all(now_running);
}

std::chrono::nanoseconds Loop::next_due() noexcept {
  const std::uint64_t due = wheel_->next();
  return due == Wheel::never ? std::chrono::nanoseconds::max() : static_cast<std::int64_t>(due) * tick;
}

void Loop::fire_until(std::chrono::nanoseconds time) {
  const std::uint64_t now_tick = ticks_before(time);
  List fired;
  const Rest rest{*this, fired};
  for (std::uint64_t due = wheel_->next(); due <= now_tick; due = wheel_->next()) {
    wheel_->advance_to(due, fired);
    call_all(fired);
  }
  wheel_->skip_to(now_tick);
}

void Loop::arm() {
  if (manual_) return;
  const std::uint64_t due = wheel_->next();
  alarm_->armed = due;
  if (due == Wheel::never) return;
  alarm_->timer.expires_at(std::chrono::steady_clock::time_point(static_cast<std::int64_t>(due) * tick));
  alarm_->timer.async_wait([this](const boost::system::error_code& error) {
    if (!error) on_alarm();
  });
}

void Loop::on_alarm() {
  firing_ = true;
  struct Rearm {
    Loop& loop;
    ~Rearm() {
      loop.firing_ = false;
      loop.arm();
    }
  } rearm{*this};
  fire_until(now());
}

Wakeup* Loop::any() noexcept {
  if (!soon_.empty()) return &soon_.front();
  if (!parked_.empty()) return &parked_.front();
  return wheel_->any();
}

void Loop::shutdown() {
  alarm_.reset();
  // Destructors that run here may set events, and so move others to another list.
  while (Wakeup* wakeup = any()) {
    wakeup->cancel();
    wakeup->dropped();
  }
}

}  // namespace coyield::generators
