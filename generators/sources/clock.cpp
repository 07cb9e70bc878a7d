#include <algorithm>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <cstdint>
#include <limits>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

struct Tick {
  std::uint64_t number;
  std::int64_t ts;
};

template <std::size_t size>
char* put(char* out, const char (&literal)[size]) noexcept {
  std::memcpy(out, literal, size - 1);
  return out + size - 1;
}

/// This runs for each item of a stream that goes as fast as it can: one `prepare`, and no loop.
void write_tick(const void* value, Buffer& out) {
  Tick tick;
  std::memcpy(&tick, value, sizeof tick);
  char* end = out.prepare(16 + 2 * integer_room);
  end = put(end, R"({"i":)");
  end = write_integer(end, tick.number);
  end = put(end, R"(,"ts":)");
  end = write_integer(end, tick.ts);
  *end++ = '}';
  out.commit_to(end);
}

/// Turns the loop's time into that of the day. What lies between the two is measured once, so that the time
/// stamps stand exactly an interval apart, and again when somebody has set the clock.
class TimeOfDay {
 public:
  explicit TimeOfDay(Loop& loop) : loop_(loop), offset_(measured()) {}

  nanoseconds at(nanoseconds loop_time) const noexcept { return loop_time + offset_; }
  void follow() noexcept {
    // A thread that is interrupted between the two readings measures wrong too, though hardly by so much.
    const nanoseconds now = measured();
    if (std::chrono::abs(now - offset_) > 100ms) offset_ = now;
  }

 private:
  nanoseconds measured() const noexcept { return loop_.wall() - loop_.now(); }

  Loop& loop_;
  nanoseconds offset_;
};

AsyncGenerator<Item> tick_as_asked(std::uint64_t count) {
  Loop& loop = co_await this_loop();
  Item item;
  for (std::uint64_t i = 0; i < count; ++i) {
    item.set_value(Tick{i, loop.wall().count()}, &write_tick);
    co_yield std::move(item);
  }
}

AsyncGenerator<Item> tick_on_time(std::uint64_t count, nanoseconds interval) {
  Loop& loop = co_await this_loop();
  TimeOfDay time_of_day(loop);
  nanoseconds due = loop.now();
  for (std::uint64_t i = 0; i < count; ++i, due += interval) {
    if (i != 0 && due > loop.now()) {
      co_await sleep_until(due);
      time_of_day.follow();
    }
    Item item;
    item.set_value(Tick{i, time_of_day.at(due).count()}, &write_tick);
    co_yield std::move(item);
  }
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext) {
  const auto* given = args.find<std::int64_t>("count");
  const auto count =
      given != nullptr ? static_cast<std::uint64_t>(*given) : std::numeric_limits<std::uint64_t>::max();
  const auto interval = args.get<nanoseconds>("interval");
  return interval == 0ns ? tick_as_asked(count) : tick_on_time(count, interval);
}

}  // namespace

Source clock_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "clock",
           .summary = "The time, at regular intervals.",
           .parameters = {{.name = "interval",
                           .type = ParameterType::duration,
                           .summary =
                               "From one item to the next. With 0s the items come as fast as they are taken.",
                           .default_value = 1s,
                           .minimum = 0s,
                           .maximum = 8760h},
                          {.name = "count",
                           .type = ParameterType::integer,
                           .summary = "How many items there are. Without it the clock has no end.",
                           .minimum = 0}},
           .main = "interval",
           .example = R"({ "clock": { "interval": "1s" } })",
           .details =
               R"(Yields {"i":0,"ts":1700000000000000000}: the number of the item, from 0, and the time (UTC) )"
               "at which it was due, in nanoseconds since 1970. The first item comes at once. The clock does "
               "not drift: each item is due an interval after the one before, however late that was taken, "
               "and "
               "a client that was slow gets what it has missed at once. With the interval 0s `ts` is the "
               "time "
               "at which the item was made. Ends after `count` items."},
      .start = &start};
}

}  // namespace coyield::generators
