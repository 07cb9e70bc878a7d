#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/on_error.hpp>
#include <string>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  const auto* item = arguments.find<nlohmann::json>("item");
  if (item == nullptr) return on_error(std::move(upstream), [](const std::exception_ptr&) {});
  auto last = [text = item->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)](
                  const std::exception_ptr&) { return Item::json(text); };
  return on_error(std::move(upstream), std::move(last));
}

}  // namespace

Operator on_error_operator() {
  using config::ParameterType;
  return {
      .description = {.kind = config::ComponentKind::operator_,
                      .name = "on_error",
                      .summary = "An end, or an item and an end, in the place of a failure.",
                      .parameters = {{.name = "then",
                                      .type = ParameterType::choice,
                                      .summary = "What happens instead: the stream ends.",
                                      .default_value = "end",
                                      .choices = {"end"}},
                                     {.name = "item",
                                      .type = ParameterType::json,
                                      .summary = "A last item before that end, any JSON value."}},
                      .main = "then",
                      .example = R"({ "on_error": { "item": { "error": "the source has failed" } } })",
                      .details = "Whatever fails before it in the pipeline, also when nothing has come yet: "
                                 "the answer is then 200, not 404 or 502. A client cannot tell such an "
                                 "end from that of a complete stream, unless `item` tells it. Why it "
                                 "failed is told to nobody."},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
