#pragma once

#include <coyield/generators/consumer.hpp>
#include <coyield/generators/event.hpp>
#include <coyield/generators/sleep.hpp>
#include <utility>

/// What operators are made of that wait for two things at once: an upstream in a chain of its own, and a
/// time. Both set an event, at which the operator waits.
namespace coyield::generators::detail {

/// Sets an event at a time.
class Reminder final : public Wakeup {
 public:
  explicit Reminder(Event& event) noexcept : event_(event) {}

 private:
  void woken() override { event_.set(); }
  Event& event_;
};

/// A generator that is pulled without waiting for it; `changed` is set when a pull that found nothing is due
/// again. Destroying it cancels the generator. It must not be moved while it waits.
template <class T>
class Upstream {
 public:
  Upstream(Loop& loop, AsyncGenerator<T> generator, Event& changed)
      : consumer_(loop, std::move(generator)), changed_(&changed) {}

  Poll poll() {
    const Poll now = consumer_.poll();
    if (now == Poll::pending) consumer_.on_ready(&on_ready, changed_);
    return now;
  }
  Next<T> item() { return consumer_.item(); }
  void close() noexcept { consumer_.reset(); }

 private:
  // A loop that is being destroyed drops the operator too: nobody is left to be told.
  static void on_ready(void* changed, bool dropped) {
    if (!dropped) static_cast<Event*>(changed)->set();
  }

  Consumer<T> consumer_;
  Event* changed_;
};

/// How many ready items an operator takes in before it looks at the clock, and how many looks before the
/// others on the thread get their turn.
inline constexpr unsigned items_per_look = 64;
inline constexpr unsigned looks_per_turn = 16;

}  // namespace coyield::generators::detail
