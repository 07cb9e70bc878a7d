#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/take.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return take(std::move(upstream), static_cast<std::uint64_t>(arguments.get<std::int64_t>("count")));
}

}  // namespace

Operator take_operator() {
  return {
      .description = {.kind = config::ComponentKind::operator_,
                      .name = "take",
                      .summary = "The first items, and then the end.",
                      .parameters = {{.name = "count",
                                      .type = config::ParameterType::integer,
                                      .summary = "How many items are passed on.",
                                      .required = true,
                                      .minimum = 0}},
                      .main = "count",
                      .example = R"({ "take": 5 })",
                      .details =
                          "Ends with the last of them, or sooner when the source ends. The source is never "
                          "asked for the item behind it.",
                      .for_clients = true},
      .positions = Positions::lost,
      .apply = &apply};
}

}  // namespace coyield::generators
