#include <algorithm>
#include <coyield/config/streams.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/json_finder.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/groups.hpp>
#include <coyield/generators/operators/upstream.hpp>
#include <coyield/generators/pipeline.hpp>
#include <exception>
#include <nlohmann/json.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t default_keys = 1000;
constexpr std::int64_t most_keys = 1'000'000;

/// The value at a place of the items, as it is written there; text that stands in no JSON as a JSON string.
class KeyOf {
 public:
  explicit KeyOf(const JsonPointer& place) : place_(finder_.add(place)), found_(finder_.size()) {}

  std::string_view operator()(const Item& item) {
    finder_.find(item, found_);
    const JsonValue& value = found_[place_];
    if (!value.is_plain()) return value.raw();
    quoted_ = nlohmann::json(value.text()).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return quoted_;
  }

 private:
  JsonFinder finder_;
  std::size_t place_;
  std::vector<JsonValue> found_;
  std::string quoted_;
};

/// What stands in front of the groups, and what of it has yet to go into one.
class Intake {
 public:
  Intake(Loop& loop, AsyncGenerator<Item> upstream, KeyOf key_of, Event& changed)
      : upstream_(loop, std::move(upstream), changed), key_of_(std::move(key_of)) {}

  bool ended() const noexcept { return ended_; }
  const std::exception_ptr& failure() const noexcept { return failure_; }

  /// Puts in what is there, up to a gap, which is the caller's. Whether anything has moved.
  bool move_into(Groups& groups, std::chrono::nanoseconds now) {
    for (unsigned moved = 0;; ++moved) {
      if (moved == detail::items_per_look) return true;
      if (!held_ && !take()) return moved != 0;
      if (is_gap(*held_) || !groups.has_room(key_)) return moved != 0;
      groups.put(key_, *held_, now);
      held_ = Next<Item>(nullptr);
    }
  }
  /// Valid until the next call of `move_into`.
  Item* gap() { return held_ && is_gap(*held_) ? &*held_ : nullptr; }
  void drop_gap() { held_ = Next<Item>(nullptr); }

 private:
  bool take() {
    if (ended_ || upstream_.poll() == Poll::pending) return false;
    try {
      held_ = upstream_.item();
    } catch (...) {
      failure_ = std::current_exception();
    }
    ended_ = !held_;
    if (ended_) return false;
    if (!is_gap(*held_)) key_ = key_of_(*held_);
    return true;
  }

  detail::Upstream<Item> upstream_;
  KeyOf key_of_;
  Next<Item> held_{nullptr};
  std::string key_;
  std::exception_ptr failure_;
  bool ended_ = false;
};

AsyncGenerator<Item> group(AsyncGenerator<Item> upstream, KeyOf key_of, Groups::Shape shape,
                           GroupBounds bounds, std::optional<std::string> label) {
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Reminder reminder(changed);
  Groups groups(loop, std::move(shape), bounds, std::move(label), changed);
  Intake intake(loop, std::move(upstream), std::move(key_of), changed);
  unsigned looks = 0;
  for (;;) {
    while (Item* item = groups.front()) {
      co_yield std::move(*item);
      groups.advance();
    }
    const bool moved = intake.move_into(groups, loop.now());
    if (Item* gap = intake.gap()) {
      co_yield std::move(*gap);
      intake.drop_gap();
      continue;
    }
    if (intake.ended()) {
      groups.close_all();
      if (groups.empty()) break;
    }
    const auto due = groups.close_idle(loop.now());
    if (moved && ++looks % detail::looks_per_turn == 0) co_await yield_now();
    if (moved || groups.anything()) continue;
    if (due) loop.at(*due, reminder);
    co_await changed.wait();
  }
  if (intake.failure()) std::rethrow_exception(intake.failure());
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments,
                           OperatorContext context) {
  GroupBounds bounds;
  bounds.max_groups = static_cast<std::size_t>(arguments.get<std::int64_t>("keys"));
  bounds.max_key_bytes = arguments.get<config::Size>("bytes").bytes;
  if (const auto* idle = arguments.find<std::chrono::nanoseconds>("idle")) bounds.idle = *idle;
  std::optional<std::string> label;
  if (const auto* as = arguments.find<std::string>("as")) label = *as;
  const auto shape = [arguments, context](AsyncGenerator<Item> items) {
    const config::Streams& streams = arguments.get<config::Streams>("pipeline");
    return apply_operators(std::move(items), streams->front().operators, context);
  };
  return group(std::move(upstream), KeyOf(parse_pointer(arguments.get<std::string>("key")).value()), shape,
               bounds, std::move(label));
}

/// Those that start their source again have none here.
config::ParameterMistakes check_operators(const config::Arguments& arguments) {
  const std::vector<Operator> known = all_operators();
  const auto& operators = arguments.get<config::Streams>("pipeline")->front().operators;
  for (std::size_t i = 0; i < operators.size(); ++i) {
    const std::string& name = operators[i].component().name;
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&name](const Operator& op) { return op.description.name == name; });
    if (found == known.end() || found->apply != nullptr) continue;
    return {{"pipeline",
             {config::in_quotes(name) + " starts its source again, which a group does not have",
              "put it in front of \"group_by\""},
             nlohmann::json::json_pointer("/" + std::to_string(i))}};
  }
  return {};
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  config::ParameterMistakes mistakes = check_operators(arguments);
  for (const char* name : {"key", "as"}) {
    const auto* text = arguments.find<std::string>(name);
    if (text == nullptr) continue;
    const auto pointer = parse_pointer(*text);
    if (!pointer) mistakes.push_back({name, pointer.error()});
  }
  const auto* as = arguments.find<std::string>("as");
  if (as != nullptr && as->empty())
    mistakes.push_back({"as", {"the whole item cannot be the key", "write the place of a member, \"/key\""}});
  return mistakes;
}

}  // namespace

Operator group_by_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "group_by",
           .summary = "Operators for the items of each key by themselves.",
           .parameters =
               {{.name = "key",
                 .summary = "The place in the items whose value tells the groups apart, as a JSON Pointer: "
                            "\"/user\".",
                 .required = true},
                {.name = "pipeline",
                 .type = ParameterType::operators,
                 .summary = "What the items of each group pass through, each time from the beginning.",
                 .required = true},
                {.name = "as",
                 .summary =
                     "A place in what comes out where the key is put, if that is an object: \"/user\"."},
                {.name = "keys",
                 .type = ParameterType::integer,
                 .summary = "How many groups there are at a time.",
                 .default_value = default_keys,
                 .minimum = 1,
                 .maximum = most_keys,
                 .request_values = false},
                {.name = "bytes",
                 .type = ParameterType::size,
                 .summary = "How much memory their keys may take in one stream.",
                 .default_value = config::Size{std::uint64_t{4} << 20},
                 .minimum = config::Size{1},
                 .maximum = config::Size{std::uint64_t{1} << 30},
                 .request_values = false},
                {.name = "idle",
                 .type = ParameterType::duration,
                 .summary = "After how long without an item a group ends. Without it: when there is no room, "
                            "and at the end.",
                 .minimum = 1ms,
                 .maximum = 8760h}},
           .example =
               R"({ "group_by": { "key": "/user", "pipeline": [{ "window": { "time": "1m", "figures": { "n": "count" } } }], "as": "/user" } })",
           .details =
               "A group begins with its first item, and what comes out of the groups is given as it comes. "
               "Where there is no room for one more, the group ends that has had no item for the longest "
               "time: its operators give what they hold, as at the end of a stream, and another item of "
               "that key begins anew. A group whose operators have ended (`take`) gives nothing more, until "
               "it ends itself. Each has up to 64 items waiting; one that has more holds up the stream. Keys "
               "are told apart as they are written: 1 and 1.0 differ. Items that do not have the place are a "
               "group. A gap is passed on at once. When the stream fails, what the groups hold comes first. "
               "Ids stay as the operators within leave them, but the stream cannot be resumed.",
           .check = &check},
      .positions = Positions::lost,
      .apply = &apply};
}

}  // namespace coyield::generators
