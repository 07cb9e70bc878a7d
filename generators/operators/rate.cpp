#include <coyield/generators/json_text.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/rate.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using config::format_duration;
using config::in_quotes;
using config::Mistake;

constexpr std::int64_t most_steps = 10'000;

/// `{"count":40,"rate":12.5}`
class RatesAsJson {
 public:
  using Output = Item;

  Item& given(MeasuredRate rate) {
    text_.clear();
    text_.append(R"({"count":)");
    append_integer(text_, rate.count);
    text_.append(R"(,"rate":)");
    append_number(text_, rate.per_second);
    text_.push_back('}');
    item_ = Item::json(text_.view());
    return item_;
  }
  Item& passed(Item& gap) const noexcept { return gap; }

 private:
  Buffer text_;
  Item item_;
};

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  const detail::RateMeter meter(arguments.get<std::chrono::nanoseconds>("window"),
                                arguments.get<std::chrono::nanoseconds>("every"));
  return detail::measure(std::move(upstream), meter, RatesAsJson());
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto* window = arguments.find<std::chrono::nanoseconds>("window");
  const auto* every = arguments.find<std::chrono::nanoseconds>("every");
  if (window == nullptr || every == nullptr) return {};
  if (*every > *window) {
    const std::string most = in_quotes(format_duration(*window));
    Mistake longer{in_quotes(format_duration(*every)) + " is more than \"window\", which is " + most +
                       ": items in between would be in no rate",
                   "write " + most + " or less"};
    return {{"every", std::move(longer)}};
  }
  if (*window / *every > most_steps) {
    const std::string least = in_quotes(format_duration(*window / most_steps));
    Mistake shorter{in_quotes(format_duration(*every)) + " is less than a 10000th of \"window\"",
                    "write " + least + " or more"};
    return {{"every", std::move(shorter)}};
  }
  return {};
}

}  // namespace

Operator rate_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "rate",
           .summary = "How many items come, instead of the items: in all, and a second.",
           .parameters = {{.name = "window",
                           .type = ParameterType::duration,
                           .summary = "For how long back the rate is measured, rounded up to whole steps of "
                                      "`every`.",
                           .default_value = 10s,
                           .minimum = 1ms,
                           .maximum = 8760h},
                          {.name = "every",
                           .type = ParameterType::duration,
                           .summary = "How often it is given; at most the window, and at least a 10000th.",
                           .default_value = 1s,
                           .minimum = 1ms,
                           .maximum = 8760h}},
           .main = "window",
           .example = R"({ "rate": { "window": "10s", "every": "1s" } })",
           .details =
               "Gives {\"count\":40,\"rate\":12.5}: how many items have come since the stream began, and "
               "how many a second within the window; within the time since the beginning where that is "
               "shorter. Also while none come, with a rate of 0, and once more when the source ends. While "
               "the client is busy, times go by. Where the source fails, that comes behind a last figure, "
               "if items have come since the one before. A gap is passed on where it stands, and what is "
               "missing is not counted.",
           .check = &check},
      .positions = Positions::lost,
      .apply = &apply};
}

}  // namespace coyield::generators
