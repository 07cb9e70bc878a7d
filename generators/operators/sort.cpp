#include <array>
#include <coyield/generators/json_finder.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/sort.hpp>
#include <functional>
#include <string>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

/// What an item is sorted by.
struct SortKey {
  /// In the order in which the kinds stand.
  enum class Kind : unsigned char { missing, null, false_, true_, number, text, array, object };

  Kind kind = Kind::missing;
  JsonNumber number{std::int64_t{0}};
  std::string text;  ///< of a text its characters, of an array or object what is written

  friend bool operator<(const SortKey& one, const SortKey& other) {
    if (one.kind != other.kind) return one.kind < other.kind;
    if (one.kind == Kind::number) return one.number < other.number;
    return one.text < other.text;  // char_traits compares as unsigned bytes
  }
  friend bool operator>(const SortKey& one, const SortKey& other) { return other < one; }
  friend std::size_t memory_of(const SortKey& key) noexcept { return sizeof(SortKey) + key.text.size(); }
};

SortKey key_of(const JsonValue& value) {
  using Value = JsonValue::Kind;
  SortKey key;
  switch (value.kind()) {
    case Value::missing:
      break;
    case Value::null:
      key.kind = SortKey::Kind::null;
      break;
    case Value::boolean:
      key.kind = value.boolean() ? SortKey::Kind::true_ : SortKey::Kind::false_;
      break;
    case Value::number:
      key.kind = SortKey::Kind::number;
      key.number = value.number();
      break;
    case Value::text:
      key.kind = SortKey::Kind::text;
      key.text = value.text();
      break;
    case Value::array:
    case Value::object:
      key.kind = value.kind() == Value::array ? SortKey::Kind::array : SortKey::Kind::object;
      key.text = value.raw();
      break;
  }
  return key;
}

class KeyAt {
 public:
  explicit KeyAt(const JsonPointer& place) { finder_.add(place); }
  SortKey operator()(const Item& item) const {
    std::array<JsonValue, 1> found;
    finder_.find(item, found);
    return key_of(found[0]);
  }

 private:
  JsonFinder finder_;
};

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  const auto* items = arguments.find<std::int64_t>("items");
  const auto* within = arguments.find<std::chrono::nanoseconds>("within");
  SortBounds bounds;
  if (items != nullptr) bounds.max_items = static_cast<std::size_t>(*items);
  if (within != nullptr) bounds.within = *within;
  bounds.max_bytes = arguments.get<config::Size>("bytes").bytes;
  KeyAt key(parse_pointer(arguments.get<std::string>("by")).value());
  if (arguments.get<std::string>("order") == "descending")
    return sort(std::move(upstream), bounds, std::move(key), std::greater<>());
  return sort(std::move(upstream), bounds, std::move(key));
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  config::ParameterMistakes mistakes;
  if (const auto* by = arguments.find<std::string>("by")) {
    const auto pointer = parse_pointer(*by);
    if (!pointer) mistakes.push_back({"by", pointer.error()});
  }
  const bool has_items = arguments.find<std::int64_t>("items") != nullptr || arguments.from_request("items");
  const bool has_time =
      arguments.find<std::chrono::nanoseconds>("within") != nullptr || arguments.from_request("within");
  if (!has_items && !has_time) {
    config::Mistake unbounded{"is missing, and so is \"items\"",
                              "say for how long an item is held back (\"2s\"), or how many are"};
    mistakes.push_back({"within", std::move(unbounded)});
  }
  return mistakes;
}

}  // namespace

Operator sort_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "sort",
           .summary = "Items in the order of a value in them, as far as holding some back allows.",
           .parameters =
               {{.name = "by",
                 .type = ParameterType::text,
                 .summary =
                     "The place in the items that says their order, as a JSON Pointer: \"/ts\". \"\" is the "
                     "whole item.",
                 .required = true},
                {.name = "order",
                 .type = ParameterType::choice,
                 .summary = "Which come first: the least, or the greatest.",
                 .default_value = "ascending",
                 .choices = {"ascending", "descending"}},
                {.name = "items",
                 .type = ParameterType::integer,
                 .summary =
                     "How many items are held: once there are so many, the first in order is passed on.",
                 .minimum = 1,
                 .maximum = 1'000'000},
                {.name = "within",
                 .type = ParameterType::duration,
                 .summary =
                     "How long an item is held at most. When that is over, it is passed on, and in front of "
                     "it those that come before it in order.",
                 .minimum = 1ms,
                 .maximum = 8760h},
                {.name = "bytes",
                 .type = ParameterType::size,
                 .summary =
                     "How much memory the items of one stream may take that are held; the last one may "
                     "exceed it. Then the first in order is passed on.",
                 .default_value = config::Size{std::uint64_t{1} << 20},
                 .minimum = config::Size{1},
                 .maximum = config::Size{std::uint64_t{1} << 30},
                 .request_values = false}},
           .main = "by",
           .example = R"({ "sort": { "by": "/ts", "within": "2s" } })",
           .details =
               "`items` or `within` must be there. Numbers are in the order of their values, texts in that "
               "of their bytes, which is that of their code points. Of different kinds the order is: what "
               "does not have the place, null, false, true, numbers, texts, arrays, objects (both by the "
               "bytes that are written); `descending` reverses it. Equal ones stay in the order in which "
               "they came. An item that comes too late, when one behind it has been passed on, is the first "
               "in order of those that are held. What is held is passed on in order before the end, before "
               "a failure, and before a gap. Text items, and bytes, are a text at \"\". Ids and event names "
               "stay. A stream cannot be resumed behind it, since it would begin in the middle of those "
               "that were held.",
           .check = &check},
      .positions = Positions::lost,
      .apply = &apply};
}

}  // namespace coyield::generators
