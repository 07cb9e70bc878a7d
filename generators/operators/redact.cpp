#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/operators/redaction.hpp>
#include <nlohmann/json.hpp>
#include <optional>

namespace coyield::generators {

namespace {

using Json = nlohmann::json;
using Fields = std::vector<std::string>;

/// The JSON text that stands for a value; nothing where values are removed.
std::optional<std::string> instead_of(const config::Arguments& arguments) {
  if (arguments.get<bool>("remove")) return std::nullopt;
  const Json* with = arguments.find<Json>("with");
  if (with == nullptr) return R"("***")";
  return with->dump(-1, ' ', false, Json::error_handler_t::replace);
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  Redaction redaction(arguments.get<Fields>("fields"), instead_of(arguments));
  return map(std::move(upstream), [redaction = std::move(redaction)](Item&& item) mutable {
    redaction.apply(item);
    return std::move(item);
  });
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  config::ParameterMistakes mistakes = Redaction::check(arguments.get<Fields>("fields"), "fields");
  if (arguments.get<bool>("remove") && arguments.find<Json>("with") != nullptr) {
    config::Mistake both{"is what the values are replaced with, and \"remove\" says that they are removed",
                         "leave one of them out"};
    mistakes.push_back({"with", std::move(both)});
  }
  return mistakes;
}

}  // namespace

Operator redact_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "redact",
           .summary = "Each item without some values that are not for everybody.",
           .parameters = {{.name = "fields",
                           .type = ParameterType::list,
                           .summary = "The places of the values, as JSON Pointers. In them \"*\" stands for "
                                      "every member of an object, and every element of an array.",
                           .required = true,
                           .request_values = false},
                          {.name = "with",
                           .type = ParameterType::json,
                           .summary =
                               "What stands in the place of each: any JSON value. Without it: \"***\".",
                           .request_values = false},
                          {.name = "remove",
                           .type = ParameterType::boolean,
                           .summary = "The values are removed instead, members with their names.",
                           .default_value = false,
                           .request_values = false}},
           .main = "fields",
           .example = R"({ "redact": ["/password", "/users/*/email"] })",
           .details =
               "A place that an item does not have is not added to it. A pointer leads to a value of any "
               "kind, which goes with all that is in it. All else in the item stays as it is written, and "
               "ids and event names stay. With `remove`, the elements of an array behind one that goes move "
               "up; the places are those of the item as it came. A member that is there twice goes twice. "
               "Only JSON items are looked into: a text passes as it is, also one with JSON in it, and so "
               "do bytes.",
           .check = &check},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
