#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/backlog.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <coyield/generators/operators/window_figures.hpp>
#include <deque>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

// A window is so many items, or so much time. The next one begins behind it, or, where it slides, a step
// behind its beginning; then the items of that step are dropped, one by one. What is to be given when, says
// Window, which knows no clock; the coroutine below waits, and hands it items.
//
// Times are those at which an item was taken, to a look at the clock (64 items). A window of time is given by
// the clock before anything that came at its end or later is taken: what comes at its end belongs to the
// next.

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using config::format_duration;
using config::in_quotes;
using config::Mistake;
using Duration = std::chrono::nanoseconds;
using Json = nlohmann::json;

constexpr std::int64_t most_items = 10'000'000;

/// By number or by time; of the other nothing is said.
struct WindowSize {
  std::uint64_t items = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t every_items = std::numeric_limits<std::uint64_t>::max();
  Duration time = any_time;
  Duration every = any_time;

  bool slides() const noexcept { return every_items < items || every < time; }
};

struct WindowBounds {
  std::uint64_t max_items;  ///< where something of each is kept
  std::size_t max_bytes;    ///< of the texts that are kept
  std::size_t max_item;     ///< of what is given
};

class Window {
 public:
  Window(WindowSize size, WindowFigures figures, WindowBounds bounds)
      : size_(size), bounds_(bounds), figures_(std::move(figures)) {}

  /// When the window that has begun is over.
  Duration due() const noexcept { return due_; }
  /// Whether `next` has something to give, so that nothing may be added before.
  bool complete() const noexcept { return news_ >= size_.every_items || gap_ || too_much(); }

  /// `now` lies before the time that is due.
  void add(const Item& item, Duration now) {
    if (is_gap(item)) {
      gap_ = item.own();
      return;
    }
    if (size_.time != any_time) {
      if (due_ == any_time) due_ = now + size_.every;
      if (size_.slides()) came_.push_back(now);
    } else if (figures_.items() == size_.items) {
      figures_.drop_oldest();
    }
    figures_.add(item);
    ++news_;
  }

  /// What is to be given now, or null; valid until the next call. `ended`: no more is added.
  Item* next(Duration now, bool ended) {
    refuse_too_much();
    const bool due = now >= due_;
    if (due || news_ >= size_.every_items) {
      write();
      go_on(now);
      return &given_;
    }
    if (news_ != 0 && (ended || gap_)) {
      write();
      return &given_;
    }
    if (!gap_) return nullptr;
    begin_anew();
    given_ = *std::exchange(gap_, std::nullopt);
    return &given_;
  }

 private:
  bool too_much() const noexcept {
    return figures_.keeps_items() &&
           (figures_.items() > bounds_.max_items || figures_.text_bytes() > bounds_.max_bytes);
  }
  void refuse_too_much() const {
    if (!too_much()) return;
    const bool in_number = figures_.items() > bounds_.max_items;
    const std::string most = in_number
                                 ? std::to_string(bounds_.max_items) + " items, \"max_items\""
                                 : std::to_string(bounds_.max_bytes) + " bytes for \"first\", \"bytes\"";
    throw Failure(FailureKind::internal, "more is in a window than it may hold: " + most);
  }

  void write() {
    news_ = 0;
    text_.clear();
    figures_.write(text_);
    if (text_.size() > bounds_.max_item)
      throw Failure(FailureKind::internal, "the figures of a window are longer than an item may be");
    given_ = Item::json(text_.view());
  }

  /// To the window that begins a step later.
  void go_on(Duration now) {
    if (!size_.slides()) return begin_anew();
    if (size_.time == any_time) return;  // the oldest leave when others come
    due_ += size_.every;
    if (now > due_) due_ += (now - due_) / size_.every * size_.every;
    const Duration begin = due_ - size_.time;
    for (; !came_.empty() && came_.front() < begin; came_.pop_front()) figures_.drop_oldest();
    if (came_.empty()) due_ = any_time;
  }

  void begin_anew() {
    figures_.clear();
    came_.clear();
    due_ = any_time;
  }

  WindowSize size_;
  WindowBounds bounds_;
  WindowFigures figures_;
  std::uint64_t news_ = 0;     // items since it was given last
  Duration due_ = any_time;    // while there is an item in it
  std::deque<Duration> came_;  // where a window of time slides: its items
  std::optional<Item> gap_;    // behind the items so far
  Buffer text_;
  Item given_;
};

/// Takes what is ready, until something is to be given, or it is time to look at the clock.
Poll take(detail::Upstream<Item>& source, Window& window, Duration now) {
  if (now >= window.due()) return Poll::item;
  for (unsigned taken = 0; taken < detail::items_per_look && !window.complete(); ++taken) {
    const Poll status = source.poll();
    if (status == Poll::pending) return status;
    auto item = source.item();
    if (!item) return Poll::done;
    window.add(*item, now);
  }
  return Poll::item;
}

AsyncGenerator<Item> windows(AsyncGenerator<Item> upstream, Window window) {
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Reminder reminder(changed);
  detail::Upstream<Item> source(loop, std::move(upstream), changed);
  std::exception_ptr failed;
  unsigned looks = 0;
  for (;;) {
    const Duration now = loop.now();
    Poll status = Poll::done;
    try {
      status = take(source, window, now);
    } catch (...) {
      failed = std::current_exception();  // what came before it is given before it
    }
    const bool ended = status == Poll::done;
    while (Item* given = window.next(now, ended)) {
      looks = 0;
      co_yield std::move(*given);
    }
    if (ended) break;
    if (status == Poll::pending) {
      reminder.cancel();
      if (window.due() != any_time) loop.at(window.due(), reminder);
      co_await changed.wait();
    } else if (++looks % detail::looks_per_turn == 0) {
      co_await yield_now();
    }
  }
  if (failed) std::rethrow_exception(failed);
}

template <class T>
bool is_said(const config::Arguments& arguments, std::string_view name) {
  return arguments.find<T>(name) != nullptr || arguments.from_request(name);
}

/// The size, as far as it is known.
WindowSize size_of(const config::Arguments& arguments) {
  WindowSize size;
  if (const auto* items = arguments.find<std::int64_t>("items")) {
    const auto* every = arguments.find<std::int64_t>("every_items");
    size.items = static_cast<std::uint64_t>(*items);
    size.every_items = static_cast<std::uint64_t>(every != nullptr ? *every : *items);
  }
  if (const auto* time = arguments.find<Duration>("time")) {
    const auto* every = arguments.find<Duration>("every");
    size.time = *time;
    size.every = every != nullptr ? *every : *time;
  }
  return size;
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments,
                           OperatorContext context) {
  const WindowSize size = size_of(arguments);
  const WindowBounds bounds{.max_items = static_cast<std::uint64_t>(arguments.get<std::int64_t>("max_items")),
                            .max_bytes = arguments.get<config::Size>("bytes").bytes,
                            .max_item = context.max_item};
  auto figures = WindowFigures::compile(arguments.get<Json>("figures"),
                                        size.slides() ? Leave::one_by_one : Leave::together);
  return windows(std::move(upstream), Window(size, std::move(figures).value(), bounds));
}

/// Exactly one of them says how long a window is, and a step is of its kind.
void check_kind(const config::Arguments& arguments, config::ParameterMistakes& mistakes) {
  const bool items = is_said<std::int64_t>(arguments, "items");
  const bool time = is_said<Duration>(arguments, "time");
  const auto wrong = [&mistakes](const char* parameter, const char* what, const char* advice) {
    mistakes.push_back({parameter, {what, advice}});
  };
  if (!items && !time)
    wrong("time", "is missing, and so is \"items\"", "say how much time or how many items make a window");
  if (items && time)
    wrong("items", "is said, and so is \"time\"",
          "say one of them: a window has a length in one of them only");
  if (is_said<std::int64_t>(arguments, "every_items") && time && !items)
    wrong("every_items", "is a number of items, and the window is a time", "write \"every\" with a time");
  if (is_said<Duration>(arguments, "every") && items && !time)
    wrong("every", "is a time, and the window is a number of items", "write \"every_items\" with a number");
}

void check_step(const config::Arguments& arguments, config::ParameterMistakes& mistakes) {
  const WindowSize size = size_of(arguments);
  if (size.every_items > size.items) {
    const std::string most = std::to_string(size.items);
    Mistake longer{std::to_string(size.every_items) + " is more than \"items\", which is " + most +
                       ": items in between would be in no window",
                   "write " + most + " or less"};
    mistakes.push_back({"every_items", std::move(longer)});
  }
  if (size.every > size.time) {
    const std::string most = in_quotes(format_duration(size.time));
    Mistake longer{in_quotes(format_duration(size.every)) + " is more than \"time\", which is " + most +
                       ": items in between would be in no window",
                   "write " + most + " or less"};
    mistakes.push_back({"every", std::move(longer)});
  }
}

/// A window of so many items that could never be full.
void check_bound(const config::Arguments& arguments, const Json& figures,
                 config::ParameterMistakes& mistakes) {
  const auto* items = arguments.find<std::int64_t>("items");
  const auto most = arguments.get<std::int64_t>("max_items");
  if (items == nullptr || *items <= most) return;
  const Leave leave = size_of(arguments).slides() ? Leave::one_by_one : Leave::together;
  if (!WindowFigures::compile(figures, leave)->keeps_items()) return;
  Mistake much{std::to_string(*items) + " is more than \"max_items\", which is " + std::to_string(most),
               "write " + std::to_string(most) + " or less, or more for \"max_items\""};
  mistakes.push_back({"items", std::move(much)});
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto& figures = arguments.get<Json>("figures");
  config::ParameterMistakes mistakes = WindowFigures::check(figures, "figures");
  const bool good_figures = mistakes.empty();
  check_kind(arguments, mistakes);
  check_step(arguments, mistakes);
  if (good_figures) check_bound(arguments, figures, mistakes);
  return mistakes;
}

}  // namespace

Operator window_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "window",
           .summary = "Figures over windows of items, instead of the items.",
           .parameters =
               {{.name = "time",
                 .type = ParameterType::duration,
                 .summary = "How long a window is, from its first item on. This or `items` must be there.",
                 .minimum = 1ms,
                 .maximum = 8760h},
                {.name = "items",
                 .type = ParameterType::integer,
                 .summary = "Of how many items a window is.",
                 .minimum = 1,
                 .maximum = most_items},
                {.name = "every",
                 .type = ParameterType::duration,
                 .summary = "With `time`: how often the figures of the last `time` are given. Without it, a "
                            "window begins behind the one before.",
                 .minimum = 1ms,
                 .maximum = 8760h},
                {.name = "every_items",
                 .type = ParameterType::integer,
                 .summary = "With `items`: after how many items the figures of the last `items` are given. "
                            "Without it, a window begins behind the one before.",
                 .minimum = 1,
                 .maximum = most_items},
                {.name = "figures",
                 .type = ParameterType::json,
                 .summary =
                     "An object: the names of the members of the result, each with \"count\", or with a "
                     "function and a place in the items as a JSON Pointer: { \"mean\": \"/temp\" }.",
                 .default_value = Json::object({{"count", "count"}}),
                 .request_values = false},
                {.name = "max_items",
                 .type = ParameterType::integer,
                 .summary = "How many items may be in a window of which something is kept for each: one "
                            "with `every` or `every_items`, or with a percentile.",
                 .default_value = 100'000,
                 .minimum = 1,
                 .maximum = most_items,
                 .request_values = false},
                {.name = "bytes",
                 .type = ParameterType::size,
                 .summary =
                     "With `every` or `every_items`: how long the values may be together that are kept for "
                     "`first`.",
                 .default_value = config::Size{std::uint64_t{1} << 20},
                 .minimum = config::Size{1},
                 .maximum = config::Size{std::uint64_t{1} << 30},
                 .request_values = false}},
           .main = "time",
           .example =
               R"({ "window": { "time": "10s", "figures": { "n": "count", "mean": { "mean": "/temp" }, "worst": { "p99": "/ms" } } } })",
           .details =
               "Gives one object a window, whose members come in the order of the alphabet: "
               "{\"mean\":21.5,\"n\":40,\"worst\":130}. The functions are:\n"
               "  count            \"count\" all items; { \"count\": \"/a\" } those that have the place, "
               "also with null\n"
               "  sum, mean, min, max\n"
               "                   of the numbers there\n"
               "  p50, p90, p95, p99\n"
               "                   percentiles of them, exact, by nearest rank: the least number that so "
               "many percent of them do not exceed\n"
               "  first, last      the first and the last value there, of any kind, as it is written\n"
               "Items that have nothing there do not count, nor does what is no number for those that want "
               "numbers; where nothing is left, the member is null. Whole numbers stay whole and exact in "
               "sum, min and max as long as they fit in 64 bits; other sums are those of doubles. A text "
               "item is a text at \"\".\n"
               "A window of time begins when its first item comes, by the clock of the server: without "
               "items there is none, and nothing is given. With `every` the figures come every so often "
               "from then on, as long as there are items in the last `time`; with `every_items`, the first "
               "windows have fewer items. While the client is busy nothing is taken in; of the times that "
               "go by then, the first and the last are given when it is back.\n"
               "The window that has begun is given before the end, before a failure, and before a gap; "
               "behind a gap all begins anew. A window with more items than `max_items` fails the stream, "
               "rather than to be wrong in silence. Ids and event names are dropped.",
           .check = &check},
      .positions = Positions::lost,
      .apply = &apply};
}

}  // namespace coyield::generators
