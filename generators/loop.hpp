#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

namespace coyield::generators {

namespace asio = boost::asio;

/// The executor of everything in coyield: an `io_context` that one thread runs.
using Executor = asio::io_context::executor_type;

class Loop;

/// Something that a `Loop` can call later: a link in one of its lists, and what to do.
///
/// It is in at most one list at a time, and leaves it when it is destroyed: an owner that goes away can
/// forget about it. Not copied, not moved. Nothing of it is allocated.
class Wakeup
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Wakeup() = default;
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  /// Whether it waits in a list of its loop.
  bool scheduled() const noexcept { return is_linked(); }
  /// Takes it out of its list; it will not be called.
  void cancel() noexcept {
    if (is_linked()) unlink();
  }

 protected:
  ~Wakeup() = default;

 private:
  friend class Loop;
  /// Called on the thread of the loop, out of the list. May destroy the object.
  virtual void woken() = 0;
  /// The loop is going away. Called instead of `woken`, out of the list. May destroy the object.
  virtual void dropped() noexcept {}

  std::uint64_t due_ = 0;  // in ticks, while it waits in the wheel
};

/// What time it is, and how one waits for it. Replaced in tests and in offline runs.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds since some start; never goes back. Timers and `sleep_for` follow it.
  virtual std::chrono::nanoseconds now() noexcept = 0;
  /// Nanoseconds since 1970-01-01 UTC, for time stamps.
  virtual std::chrono::nanoseconds wall() noexcept = 0;
};

/// What belongs to the one thread of an `io_context`: its clock, its timers, and what is to run soon.
///
/// Timers stand in a hierarchical wheel (Varghese and Lauck, 1987) of six levels of 64 slots, a tick of 1 ms
/// each at the lowest, so that starting and cancelling one is a few instructions whatever their number. One
/// `steady_timer` wakes the loop for the next slot in use; an idle loop does not tick. A timer never fires
/// early, and up to 1 ms late by itself.
///
/// It is a service of its `io_context`: `Loop::of(executor)` makes it at the first call. All its members may
/// be called from the thread of that `io_context` only (or before it runs). When the `io_context` is
/// destroyed, whatever still waits is told by `Wakeup::dropped`.
class Loop final : public asio::execution_context::service {
 public:
  using key_type = Loop;
  static inline asio::execution_context::id id;

  static Loop& of(const Executor& executor);

  explicit Loop(asio::execution_context& context);
  ~Loop() override;

  Executor executor() const noexcept { return context_.get_executor(); }

  std::chrono::nanoseconds now() noexcept {
    if (manual_) [[unlikely]]
      return manual_->now();
    return std::chrono::steady_clock::now().time_since_epoch();
  }
  std::chrono::nanoseconds wall() noexcept {
    if (manual_) [[unlikely]]
      return manual_->wall();
    return std::chrono::system_clock::now().time_since_epoch();
  }
  /// Replaces the clock; the time that it starts from must not lie before the present one's.
  /// From then on timers fire only within `fire_until`.
  void use_manual_clock(std::shared_ptr<Clock> clock);
  bool manual() const noexcept { return manual_ != nullptr; }

  /// Calls `wakeup` once `due` has come (in the time of `now`); it leaves any list that it was in.
  void at(std::chrono::nanoseconds due, Wakeup& wakeup);
  void after(std::chrono::nanoseconds delay, Wakeup& wakeup) { at(now() + delay, wakeup); }
  /// Calls `wakeup` as soon as whatever runs now has returned, behind all that is waiting to run already.
  void soon(Wakeup& wakeup);
  /// Keeps `wakeup` without a time: something else will call `soon`, or the end of the loop will drop it.
  void park(Wakeup& wakeup);

  /// When the next timer is due, to the tick; `nanoseconds::max()` when there is none.
  std::chrono::nanoseconds next_due() noexcept;
  /// Calls all that is due at `time`. For the real clock the loop does so by itself.
  void fire_until(std::chrono::nanoseconds time);

 private:
  using List = boost::intrusive::list<Wakeup, boost::intrusive::constant_time_size<false>>;
  class Wheel;
  struct Alarm;
  struct Rest;

  void shutdown() override;
  Wakeup* any() noexcept;
  static void call_all(List& list);
  void arm();
  void on_alarm();
  void run_soon();

  asio::io_context& context_;
  std::shared_ptr<Clock> manual_;
  std::unique_ptr<Wheel> wheel_;
  std::unique_ptr<Alarm> alarm_;
  List soon_;
  List parked_;
  bool posted_ = false;
  bool firing_ = false;
};

}  // namespace coyield::generators
