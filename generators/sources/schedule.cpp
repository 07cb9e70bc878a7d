#include <algorithm>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/rfc3339.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/due_times.hpp>
#include <coyield/generators/task.hpp>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;
using std::chrono::sys_seconds;

/// Somebody may set the clock of the machine, which wakes nobody.
constexpr nanoseconds longest_sleep = 1min;
/// A clock that is set back further was wrong before.
constexpr nanoseconds most_set_back = 24h;

struct Due {
  std::uint64_t number;
  std::int64_t ts;
};

void write_due(const void* value, Buffer& out) {
  Due due;
  std::memcpy(&due, value, sizeof due);
  out.append(R"({"i":)");
  append_integer(out, due.number);
  out.append(R"(,"due":")");
  append_rfc3339(out, nanoseconds(due.ts));
  out.append(R"(","ts":)");
  append_integer(out, due.ts);
  out.push_back('}');
}

/// Which of the times comes next, by a clock that may be set.
class Agenda {
 public:
  Agenda(DueTimes times, nanoseconds now) : times_(std::move(times)) { begin(now); }

  /// How long it is until something is due; not more than 0 once it is.
  nanoseconds left(nanoseconds now) {
    if (now < last_.time_since_epoch() - most_set_back) begin(now);
    return next_.time_since_epoch() - now;
  }
  /// What is due. Of several that have gone by, the newest.
  sys_seconds take(nanoseconds now) {
    const sys_seconds until = whole(now);
    last_ = next_;
    next_ = times_.next_after(last_);
    if (next_ <= until) {
      last_ = times_.last_between(last_, until);
      next_ = times_.next_after(last_);
    }
    return last_;
  }

 private:
  static sys_seconds whole(nanoseconds now) noexcept {
    return sys_seconds(std::chrono::floor<std::chrono::seconds>(now));
  }
  void begin(nanoseconds now) {
    last_ = whole(now);
    next_ = times_.next_after(last_);
  }

  DueTimes times_;
  sys_seconds last_;  // nothing is due that is not later
  sys_seconds next_;
};

struct Job {
  CronExpression cron;
  std::string zone;
  std::uint64_t count;
  BlockingPool* pool;
};

Task<TimeZone> zone_of(const Job& job) {
  const auto find = [&job] {
    auto found = find_time_zone(job.zone);
    if (!found) throw Failure(FailureKind::invalid, to_string(found.error()), Again::useless);
    return std::move(*found);
  };
  if (job.zone == "UTC") co_return TimeZone();
  co_return co_await job.pool->run(find);
}

AsyncGenerator<Item> follow(Job job) {
  Loop& loop = co_await this_loop();
  TimeZone zone = co_await zone_of(job);
  Agenda agenda(DueTimes(job.cron, std::move(zone)), loop.wall());
  for (std::uint64_t i = 0; i < job.count; ++i) {
    nanoseconds now = loop.wall();
    for (nanoseconds left = agenda.left(now); left > 0ns; left = agenda.left(now)) {
      co_await sleep_for(std::min(left, longest_sleep));
      now = loop.wall();
    }
    const sys_seconds due = agenda.take(now);
    Item item;
    item.set_value(Due{i, nanoseconds(due.time_since_epoch()).count()}, &write_due);
    co_yield std::move(item);
  }
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  const auto* given = args.find<std::int64_t>("count");
  const auto count =
      given != nullptr ? static_cast<std::uint64_t>(*given) : std::numeric_limits<std::uint64_t>::max();
  std::vector<config::Mistake> none;  // `check` has seen to that
  const auto cron = CronExpression::parse(args.get<std::string>("cron"), none);
  const auto& zone = args.get<std::string>("zone");
  if (zone != "UTC" && context.blocking == nullptr)
    throw std::logic_error("the source schedule needs a BlockingPool for time zones");
  Job job{.cron = cron.value(), .zone = zone, .count = count, .pool = context.blocking};
  return follow(std::move(job));
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  std::vector<config::Mistake> in_cron;
  if (const auto* cron = args.find<std::string>("cron")) CronExpression::parse(*cron, in_cron);
  for (config::Mistake& each : in_cron) mistakes.push_back({"cron", std::move(each)});
  // Whether there is the zone that a client asks for is looked up when its stream begins, and not by the
  // thread that serves others meanwhile.
  const auto* zone = args.find<std::string>("zone");
  if (zone == nullptr || (args.from_request("zone") && is_zone_name(*zone))) return mistakes;
  const auto found = find_time_zone(*zone);
  if (!found) mistakes.push_back({"zone", found.error()});
  return mistakes;
}

}  // namespace

Source schedule_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "schedule",
           .summary = "An item at the times that a cron expression says.",
           .parameters =
               {{.name = "cron",
                 .type = ParameterType::text,
                 .summary =
                     "When: minute, hour, day of the month, month and day of the week, as in \"0 9 * * "
                     "MON-FRI\"; six fields have the second in front.",
                 .required = true},
                {.name = "zone",
                 .type = ParameterType::text,
                 .summary = "The time zone in which that is meant: \"UTC\", \"local\" for that of the "
                            "machine, or a name as \"Europe/Zurich\".",
                 .default_value = "UTC"},
                {.name = "count",
                 .type = ParameterType::integer,
                 .summary = "How many items there are. Without it the schedule has no end.",
                 .minimum = 0}},
           .main = "cron",
           .example = R"({ "schedule": { "cron": "0 9 * * MON-FRI", "zone": "local" } })",
           .details =
               R"(Yields {"i":0,"due":"2026-11-26T08:00:00Z","ts":1795680000000000000}: the number of the )"
               "item, from 0, and the time at which it was due, in UTC and in nanoseconds since 1970. The "
               "first is due behind the moment at which the stream begins. Ends after `count` items.\n"
               "A field of `cron` is *, a number, a range (1-5), a range or * with a step (8-18/2, */15), or "
               "a list of these (0,30). Months are also JAN to DEC, days of the week SUN to SAT, and 0 and 7 "
               "are Sunday. @hourly, @daily, @weekly, @monthly and @yearly stand for what they say. Where "
               "neither the day of the month nor that of the week begins with *, one of them is enough, as "
               "with cron(8): \"0 0 13 * FRI\" is every 13th and every Friday.\n"
               "It goes by the clock of the machine, and looks at it once a minute at least, since somebody "
               "may set it. No time is given twice. Of several that have gone by, because the client was "
               "busy, the machine slept or the clock was set forward, the newest is given, at once, and the "
               "others are not. When the clock is set back, it waits until that has come to where it was; "
               "after more than 24h it begins anew from there.\n"
               "Where a time zone sets its clocks forward, what is due at a time that there is not that day "
               "is given right when they are set, once; where it sets them back, what is due at a time that "
               "there is twice is given the first time. An expression that has every hour goes by real time "
               "instead: \"*/10 * * * *\" is every 10 minutes on those days too. The zones are those of the "
               "system (tzdata); what they say is read when a stream begins. Fails with invalid where a "
               "client asks for one that is not there.",
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
