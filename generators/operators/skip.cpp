#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/skip.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return skip(std::move(upstream), static_cast<std::uint64_t>(arguments.get<std::int64_t>("count")));
}

}  // namespace

Operator skip_operator() {
  return {.description = {.kind = config::ComponentKind::operator_,
                          .name = "skip",
                          .summary = "All items but the first.",
                          .parameters = {{.name = "count",
                                          .type = config::ParameterType::integer,
                                          .summary = "How many items are dropped before any is passed on.",
                                          .required = true,
                                          .minimum = 0}},
                          .main = "count",
                          .example = R"({ "skip": 1 })",
                          .details = "Ends when the source ends."},
          .positions = Positions::lost,
          .apply = &apply};
}

}  // namespace coyield::generators
