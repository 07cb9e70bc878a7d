#include <coyield/generators/failure.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/sleep.hpp>
#include <coyield/generators/source.hpp>
#include <cstdint>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

void write_number(const void* value, Buffer& out) {
  std::int64_t number = 0;
  std::memcpy(&number, value, sizeof number);
  append_integer(out, number);
}

/// The numbers that there are to count, in order.
class Numbers {
 public:
  Numbers(std::int64_t first, std::int64_t step, const std::int64_t* last)
      : number_(first),
        step_(step),
        last_(last != nullptr ? *last : limit(step)),
        endless_(last == nullptr) {}

  bool none() const noexcept { return step_ > 0 ? number_ > last_ : number_ < last_; }
  std::int64_t current() const noexcept { return number_; }
  /// False at the end.
  bool advance() {
    if (!__builtin_add_overflow(number_, step_, &number_)) return !none();
    // Somebody who asked for numbers without an end must not take this for one.
    if (endless_) throw Failure(FailureKind::invalid, "the counter's next number has more than 64 bits");
    return false;
  }

 private:
  static std::int64_t limit(std::int64_t step) noexcept { return step > 0 ? INT64_MAX : INT64_MIN; }

  std::int64_t number_;
  std::int64_t step_;
  std::int64_t last_;
  bool endless_;
};

AsyncGenerator<Item> count(config::Arguments args, SourceContext) {
  const auto interval = args.get<std::chrono::nanoseconds>("interval");
  Numbers numbers(args.get<std::int64_t>("from"), args.get<std::int64_t>("step"),
                  args.find<std::int64_t>("to"));
  if (numbers.none()) co_return;
  do {
    Item item;
    item.set_value(numbers.current(), &write_number);
    co_yield std::move(item);
    const bool more = numbers.advance();
    if (!more) co_return;
    if (interval > 0ns) co_await sleep_for(interval);
  } while (true);
}

config::ParameterMistakes check(const config::Arguments& args) {
  const auto* step = args.find<std::int64_t>("step");
  if (step == nullptr || *step != 0) return {};
  return {{"step", {"a counter with step 0 stands still", "write 1, or -1 to count down"}}};
}

}  // namespace

Source counter_source() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "counter",
           .summary = "Whole numbers, one after the other.",
           .parameters = {{.name = "from",
                           .type = ParameterType::integer,
                           .summary = "The first number.",
                           .default_value = 1},
                          {.name = "to",
                           .type = ParameterType::integer,
                           .summary = "The last number. Without it the counter has no end."},
                          {.name = "step",
                           .type = ParameterType::integer,
                           .summary = "What is added each time. A negative one counts down.",
                           .default_value = 1},
                          {.name = "interval",
                           .type = ParameterType::duration,
                           .summary =
                               "The pause before each number but the first, which comes at once. With 0s the "
                               "numbers come as fast as they are taken.",
                           .default_value = 0s,
                           .minimum = 0s,
                           .maximum = 8760h}},
           .main = "to",
           .example = R"({ "counter": { "from": 1, "to": 5, "interval": "500ms" } })",
           .details =
               "Yields plain numbers: 1, 2, 3. Ends behind the last number that does not lie beyond `to`; it "
               "yields none where `from` lies beyond it already. The pause begins when a number has been "
               "taken. "
               "A counter without `to` fails when its next number would have more than 64 bits.",
           .check = &check},
      .start = &count};
}

}  // namespace coyield::generators
