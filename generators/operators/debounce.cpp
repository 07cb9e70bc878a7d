#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/debounce.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return debounce(std::move(upstream), arguments.get<std::chrono::nanoseconds>("silence"));
}

}  // namespace

Operator debounce_operator() {
  return {.description = {.kind = config::ComponentKind::operator_,
                          .name = "debounce",
                          .summary = "The newest item, once no more have come for a while.",
                          .parameters = {{.name = "silence",
                                          .type = config::ParameterType::duration,
                                          .summary = "For how long nothing must have come.",
                                          .required = true,
                                          .minimum = 1ms,
                                          .maximum = 8760h}},
                          .main = "silence",
                          .example = R"({ "debounce": "100ms" })",
                          .details =
                              "The items before it are forgotten. A source that is never silent for so long "
                              "is not heard at all: see throttle and sample. When the source ends, an item "
                              "that is still waiting is passed on at once."},
          .positions = Positions::kept,
          .apply = &apply};
}

}  // namespace coyield::generators
