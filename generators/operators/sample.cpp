#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/sample.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return sample(std::move(upstream), arguments.get<std::chrono::nanoseconds>("interval"));
}

}  // namespace

Operator sample_operator() {
  return {
      .description = {.kind = config::ComponentKind::operator_,
                      .name = "sample",
                      .summary = "The newest item at each tick of a clock.",
                      .parameters = {{.name = "interval",
                                      .type = config::ParameterType::duration,
                                      .summary = "From tick to tick, counted from the start of the stream.",
                                      .required = true,
                                      .minimum = 1ms,
                                      .maximum = 8760h}},
                      .main = "interval",
                      .example = R"({ "sample": "1s" })",
                      .details =
                          "Where nothing has come since the tick before, nothing is passed on. The items "
                          "before the newest are forgotten, and the first waits for a tick too: see "
                          "throttle for one that passes it at once. When the source ends, an item that "
                          "is still waiting is passed on at its tick, before the end.",
                      .for_clients = true},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
