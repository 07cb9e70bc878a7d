#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/buffer.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return buffer(std::move(upstream), static_cast<std::size_t>(arguments.get<std::int64_t>("items")),
                arguments.get<config::Size>("bytes").bytes);
}

}  // namespace

Operator buffer_operator() {
  using config::ParameterType;
  return {
      .description = {.kind = config::ComponentKind::operator_,
                      .name = "buffer",
                      .summary = "Runs ahead of a client that is busy, by so many items.",
                      .parameters = {{.name = "items",
                                      .type = ParameterType::integer,
                                      .summary = "How many items it holds.",
                                      .required = true,
                                      .minimum = 1,
                                      .maximum = 1'000'000},
                                     {.name = "bytes",
                                      .type = ParameterType::size,
                                      .summary = "How much memory they may take in one stream; the last "
                                                 "one may exceed it.",
                                      .default_value = config::Size{std::uint64_t{1} << 20},
                                      .minimum = config::Size{1},
                                      .maximum = config::Size{std::uint64_t{1} << 30},
                                      .request_values = false}},
                      .main = "items",
                      .example = R"({ "buffer": 100 })",
                      .details = "Without it nothing is asked of a source until the client has taken what "
                                 "was sent. With it the source goes on meanwhile, until the buffer is "
                                 "full: for sources that are slow, or that would miss something. Order "
                                 "and items stay the same. The end, and a failure, come behind the items "
                                 "before them."},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
