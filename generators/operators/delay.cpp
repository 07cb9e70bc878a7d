#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/delay.hpp>
#include <limits>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();
  return delay(std::move(upstream), arguments.get<std::chrono::nanoseconds>("by"), any_number,
               arguments.get<config::Size>("bytes").bytes);
}

}  // namespace

Operator delay_operator() {
  using config::ParameterType;
  return {
      .description = {.kind = config::ComponentKind::operator_,
                      .name = "delay",
                      .summary = "Each item later, in the same order.",
                      .parameters = {{.name = "by",
                                      .type = ParameterType::duration,
                                      .summary = "How much later than it came.",
                                      .required = true,
                                      .minimum = 0s,
                                      .maximum = 8760h},
                                     {.name = "bytes",
                                      .type = ParameterType::size,
                                      .summary = "How much memory the items of one stream may take "
                                                 "that wait; the last one may exceed it.",
                                      .default_value = config::Size{std::uint64_t{1} << 20},
                                      .minimum = config::Size{1},
                                      .maximum = config::Size{std::uint64_t{1} << 30},
                                      .request_values = false}},
                      .main = "by",
                      .example = R"({ "delay": "1s" })",
                      .details = "While its memory is full it takes no more from the source, and the items "
                                 "come later than `by`. The end, and a failure, come behind the items "
                                 "before them."},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
