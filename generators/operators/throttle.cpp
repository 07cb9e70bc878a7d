#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/throttle.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return throttle(std::move(upstream), arguments.get<std::chrono::nanoseconds>("interval"));
}

}  // namespace

Operator throttle_operator() {
  return {
      .description = {.kind = config::ComponentKind::operator_,
                      .name = "throttle",
                      .summary = "At most one item per interval: the newest.",
                      .parameters = {{.name = "interval",
                                      .type = config::ParameterType::duration,
                                      .summary = "The least time between two items.",
                                      .required = true,
                                      .minimum = 1ms,
                                      .maximum = 8760h}},
                      .main = "interval",
                      .example = R"({ "throttle": "100ms" })",
                      .details =
                          "The first item passes at once, and so does one that comes after a pause. Of those "
                          "that come sooner the newest is passed on when the interval ends, and the others "
                          "are forgotten. When the source ends, an item that is still waiting is passed on "
                          "in its time, before the end.",
                      .for_clients = true},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
