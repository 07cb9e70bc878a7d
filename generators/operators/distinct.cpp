#include <array>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/json_finder.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/filter.hpp>

namespace coyield::generators {

namespace {

/// Whether an item differs from the one before, or the value at one place of it does. Text is compared, so
/// that nothing is parsed and no tree is made.
class Changed {
 public:
  explicit Changed(const JsonPointer& by) : whole_(by.tokens.empty()) { finder_.add(by); }

  bool operator()(const Item& item) {
    if (is_gap(item)) {
      known_ = false;  // what came before the next item, nobody knows
      return true;
    }
    look_at(item);
    if (known_ && current_ == last_) return false;
    std::swap(current_, last_);
    return known_ = true;
  }

 private:
  struct Looked {
    Buffer text;
    PayloadKind payload = PayloadKind::text;
    JsonValue::Kind value = JsonValue::Kind::missing;
    bool operator==(const Looked& other) const {
      return payload == other.payload && value == other.value && text.view() == other.text.view();
    }
  };

  void look_at(const Item& item) {
    current_.text.clear();
    current_.payload = item.kind();
    if (whole_) return item.write_payload(current_.text);
    std::array<JsonValue, 1> found;
    finder_.find(item, found);
    current_.value = found[0].kind();
    current_.text.append(found[0].raw());
  }

  JsonFinder finder_;
  bool whole_;
  bool known_ = false;
  Looked current_;
  Looked last_;
};

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return filter(std::move(upstream), Changed(parse_pointer(arguments.get<std::string>("by")).value()));
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto* by = arguments.find<std::string>("by");
  if (by == nullptr) return {};
  const auto pointer = parse_pointer(*by);
  if (pointer) return {};
  return {{"by", pointer.error()}};
}

}  // namespace

Operator distinct_operator() {
  return {.description =
              {.kind = config::ComponentKind::operator_,
               .name = "distinct",
               .summary = "Only items that differ from the one before.",
               .parameters = {{.name = "by",
                               .type = config::ParameterType::text,
                               .summary = "The place in the items that is compared, as a JSON Pointer: "
                                          "\"/status\". \"\" is the whole item.",
                               .default_value = ""}},
               .main = "by",
               .example = R"({ "distinct": "/status" })",
               .details = "Compares what is written: 1 and 1.0 differ, and so do two objects with the same "
                          "members in another order. Two items that do not have the place are the same. Ids "
                          "and event names do not count. The first item of a stream that is resumed, and "
                          "the one behind a gap, always pass.",
               .check = &check},
          .positions = Positions::kept,
          .apply = &apply};
}

}  // namespace coyield::generators
