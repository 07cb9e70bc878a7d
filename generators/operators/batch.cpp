#include <algorithm>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/as_json.hpp>
#include <coyield/generators/operators/batch.hpp>
#include <optional>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t default_items = 1000;
constexpr std::int64_t max_items = 1'000'000;

/// Gathers items into the text of one JSON array, of `longest` bytes at most: an item that does not fit ends
/// it, and begins the next one. Nothing is kept of an item but its text. A gap ends the array, and follows
/// it.
class JsonArray {
 public:
  using Output = Item;

  JsonArray(std::size_t most, std::size_t longest) noexcept : most_(most), longest_(longest) {}
  void add(const Item& item) {
    if (is_gap(item)) {
      gap_ = item.own();
      return;
    }
    const std::size_t before = text_.size();
    text_.push_back(count_ == 0 ? '[' : ',');
    append_as_json(text_, item);
    if (count_ != 0 && text_.size() + 1 > longest_) {
      next_.append(text_.view().substr(before + 1));
      text_.resize(before);
    } else {
      ++count_;
    }
  }
  bool empty() const noexcept { return count_ == 0 && !gap_; }
  bool full() const noexcept { return gap_ || count_ >= most_ || !next_.empty() || !fits(1); }
  Item& result() {
    if (count_ == 0) return *gap_;
    text_.push_back(']');
    std::memset(text_.prepare(Item::padding), 0, Item::padding);
    array_ = Item::json(text_.view());
    return array_;
  }
  /// Forgets what `result` gave.
  void clear() noexcept {
    if (count_ == 0) gap_.reset();
    text_.clear();
    count_ = 0;
    if (next_.empty()) return;
    text_.push_back('[');
    text_.append(next_.view());
    next_.clear();
    count_ = 1;
  }

 private:
  /// Whether one more item of that length would, with the comma in front of it and the bracket behind it.
  bool fits(std::size_t size) const noexcept { return text_.size() + size + 2 <= longest_; }

  std::size_t most_;
  std::size_t longest_;
  std::size_t count_ = 0;
  Buffer text_;
  Buffer next_;  // the item that did not fit
  Item array_;
  std::optional<Item> gap_;
};

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments,
                           OperatorContext context) {
  const auto* items = arguments.find<std::int64_t>("items");
  const auto* within = arguments.find<std::chrono::nanoseconds>("within");
  JsonArray array(static_cast<std::size_t>(items ? *items : default_items), context.max_item);
  return detail::gather(std::move(upstream), std::move(array), within ? *within : any_time);
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const bool has_items = arguments.find<std::int64_t>("items") != nullptr || arguments.from_request("items");
  const bool has_time =
      arguments.find<std::chrono::nanoseconds>("within") != nullptr || arguments.from_request("within");
  if (has_items || has_time) return {};
  config::Mistake unbounded{"is missing, and so is \"within\"",
                            "say how many items or how much time makes a batch"};
  return {{"items", std::move(unbounded)}};
}

}  // namespace

Operator batch_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "batch",
           .summary = "Several items as one: a JSON array of them.",
           .parameters = {{.name = "items",
                           .type = ParameterType::integer,
                           .summary = "The most items in one array; 1000 where only `within` is said.",
                           .minimum = 1,
                           .maximum = max_items},
                          {.name = "within",
                           .type = ParameterType::duration,
                           .summary = "How long an array may wait, from its first item on. With 0s, "
                                      "what is ready together goes together; without it, an array waits "
                                      "until it is full.",
                           .minimum = 0s,
                           .maximum = 8760h}},
           .main = "items",
           .example = R"({ "batch": { "items": 100, "within": "50ms" } })",
           .details = "JSON items are elements as they are, text is a string, bytes are a string in "
                      "Base64. Ids and event names are dropped. An array is given sooner where it would be "
                      "longer than `max_item` with the next item, and what has come is given before the "
                      "end and before a failure. "
                      "A gap in the stream ends an array, and is passed on behind it. "
                      "`items` or `within` must be there.",
           .check = &check},
      .positions = Positions::lost,
      .apply = &apply};
}

}  // namespace coyield::generators
