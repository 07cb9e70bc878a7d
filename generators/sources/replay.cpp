#include <algorithm>
#include <array>
#include <cmath>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/json_finder.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/sources/file_path.hpp>
#include <coyield/generators/sources/file_stream.hpp>
#include <coyield/generators/sources/time_stamp.hpp>
#include <optional>
#include <stdexcept>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

/// Reads the time stamp of an item.
class TimeStamps {
 public:
  TimeStamps(const JsonPointer& place, TimeFormat format) : format_(format) { finder_.add(place); }

  std::optional<nanoseconds> of(const Item& item) const {
    std::array<JsonValue, 1> found;
    finder_.find(item, found);
    return time_of(found.front(), format_);
  }

 private:
  JsonFinder finder_;
  TimeFormat format_;
};

/// Says when an item is due: as long after the first one as it was recorded after that, or sooner where a
/// pause is cut short. What is late moves nothing.
class Pace {
 public:
  Pace(double speed, nanoseconds max_pause) noexcept : speed_(speed), max_pause_(max_pause) {}

  nanoseconds due(nanoseconds stamp, nanoseconds now) noexcept {
    if (!first_) {
      first_ = stamp;
      latest_ = begin_ = now;
      return now;
    }
    nanoseconds due = begin_ + played_within(distance(*first_, stamp));
    if (due - latest_ > max_pause_) {
      begin_ -= due - latest_ - max_pause_;
      due = latest_ + max_pause_;
    }
    latest_ = std::max(latest_, due);
    return due;
  }

 private:
  /// Nothing is waited for longer: 64 bits of nanoseconds have no room for more.
  static constexpr nanoseconds longest = 24h * 366 * 280;

  /// Not less than zero.
  static nanoseconds distance(nanoseconds from, nanoseconds to) noexcept {
    if (to <= from) return 0ns;
    std::int64_t distance = 0;
    if (__builtin_sub_overflow(to.count(), from.count(), &distance)) return nanoseconds::max();
    return nanoseconds(distance);
  }
  nanoseconds played_within(nanoseconds recorded) const noexcept {
    const double played = static_cast<double>(recorded.count()) / speed_;
    return played < static_cast<double>(longest.count()) ? nanoseconds(std::llround(played)) : longest;
  }

  double speed_;
  nanoseconds max_pause_;
  std::optional<nanoseconds> first_ = {};
  nanoseconds begin_{0};   // when the first one was due, less what was cut
  nanoseconds latest_{0};  // when the latest one so far was due
};

enum class AtEnd : unsigned char { end, begin_again };

struct Job {
  FileJob file;
  JsonPointer place;
  TimeFormat format;
  double speed;
  nanoseconds max_pause;
  AtEnd at_end;
};

AsyncGenerator<Item> replay(Job job) {
  Loop& loop = co_await this_loop();
  const TimeStamps stamps(job.place, job.format);
  bool go_on = true;
  while (go_on) {
    const bool whole = job.file.request.resume_after.empty();
    bool any = false;
    Pace pace(job.speed, job.max_pause);
    AsyncGenerator<Item> records = file_json(job.file);
    while (auto item = co_await records.next()) {
      any = true;
      const auto stamp = is_gap(*item) ? std::nullopt : stamps.of(*item);
      if (stamp) {
        const nanoseconds due = pace.due(*stamp, loop.now());
        co_await sleep_until(due);
      }
      co_yield std::move(*item);
    }
    // A file without an item would be opened for ever.
    go_on = job.at_end == AtEnd::begin_again && (any || !whole);
    job.file.request.resume_after.clear();
  }
}

AsyncGenerator<Item> start(config::Arguments args, SourceContext context) {
  if (context.blocking == nullptr) throw std::logic_error("the source replay needs a BlockingPool");
  FileRequest request{.name = file_name(args), .resume_after = std::move(context.resume_after)};
  const auto* max_pause = args.find<nanoseconds>("max_pause");
  Job job{.file = {std::move(request), context.blocking, context.max_item, std::move(context.start)},
          .place = parse_pointer(args.get<std::string>("time")).value(),
          .format = parse_time_format(args.get<std::string>("unit")),
          .speed = args.get<double>("speed"),
          .max_pause = max_pause == nullptr ? nanoseconds::max() : *max_pause,
          .at_end = args.get<bool>("loop") ? AtEnd::begin_again : AtEnd::end};
  return replay(std::move(job));
}

config::ParameterMistakes check(const config::Arguments& args) {
  config::ParameterMistakes mistakes;
  check_file_path(args, mistakes);
  if (const auto* time = args.find<std::string>("time")) {
    const auto place = parse_pointer(*time);
    if (!place) mistakes.push_back({"time", place.error()});
  }
  return mistakes;
}

}  // namespace

Source replay_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "replay",
           .summary = "A recorded file of JSON lines, at the pace at which it was recorded or at another.",
           .parameters =
               {file_path_parameter(),
                file_root_parameter(),
                {.name = "time",
                 .type = ParameterType::text,
                 .summary = "Where in an item its time stamp stands, as a JSON Pointer.",
                 .default_value = "/ts"},
                {.name = "unit",
                 .type = ParameterType::choice,
                 .summary = "How that is written: as a number of seconds, milliseconds, microseconds or "
                            "nanoseconds, or as a text as \"2026-11-26T09:00:00Z\". With auto a text is "
                            "that, and a number in the unit that its size suggests.",
                 .default_value = "auto",
                 .choices = {"auto", "s", "ms", "us", "ns", "rfc3339"}},
                {.name = "speed",
                 .type = ParameterType::number,
                 .summary = "How many times as fast as it was recorded.",
                 .default_value = 1.0,
                 .minimum = 0.001,
                 .maximum = 1'000'000.0},
                {.name = "max_pause",
                 .type = ParameterType::duration,
                 .summary = "No pause is longer. Without it they are as long as they were, by `speed`.",
                 .minimum = 0s,
                 .maximum = 8760h},
                {.name = "loop",
                 .type = ParameterType::boolean,
                 .summary = "Whether to begin again at the end of the file. Such a stream has no end.",
                 .default_value = false}},
           .main = "path",
           .example =
               R"({ "replay": { "path": "/srv/recorded/day.jsonl", "speed": 10, "max_pause": "5s" } })",
           .details =
               "Yields the lines of the file as they stand there, each a JSON text, as `file` does with "
               "`decode` json: blank ones are passed over, and one that is not JSON fails the stream. The "
               "first item comes at once. Each other is due as long after the first one as their time "
               "stamps are apart, divided by `speed`, so that nothing drifts: items that were taken late, "
               "or whose time has gone back, come at once, and those behind them when they are due. An item "
               "without a time stamp, or with one that is not written as `unit` says, comes at once behind "
               "the one before it. With `unit` auto, a number below 1e11 is seconds, below 1e14 "
               "milliseconds, below 1e17 microseconds, and else nanoseconds. `max_pause` cuts a pause "
               "short, and all that comes behind it is due that much sooner.\n"
               "Ends at the end of the file. With `loop` it begins again there: with the first item at "
               "once, and the pace from that; where the file has no item it ends. The memory is that of the "
               "longest line and 64KiB. A file that begins as gzip does is decompressed while it is read, "
               "and cannot be resumed.\n"
               "Fails as `file` does: with not_found, forbidden and invalid, and for a file that is damaged "
               "or becomes shorter meanwhile.",
           .position =
               "The id of an item is its place in the file, as with `file`, unless that is compressed: a "
               "client that comes back with one gets exactly the rest, and the pace begins with the item "
               "behind it.",
           .check = &check},
      .start = &start,
      .resuming = Resuming::exact};
}

}  // namespace coyield::generators
