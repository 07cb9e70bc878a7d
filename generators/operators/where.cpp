#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/condition.hpp>
#include <coyield/generators/operators/filter.hpp>

namespace coyield::generators {

namespace {

config::Checked<Condition> compile(const config::Arguments& arguments) {
  return Condition::compile(arguments.get<nlohmann::json>("condition"),
                            arguments.from_request("condition") ? Texts::from_request : Texts::written);
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return filter(std::move(upstream), [condition = compile(arguments).value()](const Item& item) mutable {
    return item.kind() == PayloadKind::gap || condition.holds(item);
  });
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto& condition = arguments.get<nlohmann::json>("condition");
  if (condition.is_object() && condition.empty())
    return {{"condition", {"no condition is given", R"(write { "where": { "/level": "error" } })"}}};
  if (condition.is_string() && arguments.from_request("condition"))
    return {{"condition",
             {"a whole condition cannot come from a request", R"(write { "/level": "${query.level}" })"}}};
  return Condition::check(condition, "condition");
}

}  // namespace

Operator where_operator() {
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "where",
           .summary = "The items that have some properties.",
           .parameters = {{.name = "condition",
                           .type = config::ParameterType::json,
                           .summary = "Places in the item as JSON Pointers, and what has to hold for the "
                                      "values there.",
                           .required = true}},
           .main = "condition",
           .example =
               R"({ "where": { "/level": "error", "/n": { "at_least": 5, "less": 10 }, "/user": { "exists": true } } })",
           .details =
               "A pointer (RFC 6901) is \"/name\", \"/user/name\", \"/tags/0\", or \"\" for the whole item. "
               "Behind it stands the value to be equal to, or an object of conditions, all of which must "
               "hold:\n"
               "  equals, not          the value, or for `not` conditions too that must not hold\n"
               "  one_of               a list of values, one of which it is\n"
               "  less, greater, at_least, at_most\n"
               "                       a number for numbers, a text for texts, which are in the order of "
               "their code points\n"
               "  exists               true or false; a null exists\n"
               "  prefix               a text that a text begins with\n"
               "  contains             a text that is part of a text, or an element of an array\n"
               "  and, or              a list of values or conditions\n"
               "Beside the pointers there may be `and` and `or` with a list of such objects, and `not` with "
               "one:\n"
               "  { \"where\": { \"or\": [{ \"/level\": \"error\" }, { \"/status\": { \"at_least\": 500 } }] "
               "} }\n"
               "For a place that the item does not have nothing holds but `not` and `exists: false`. Numbers "
               "are equal by value (1 is 1.0), whole numbers of 64 bits exactly. Text items are a text at "
               "\"\". Where a request has a part in the condition (\"${query.n}\"), a text like 5 or true in "
               "it also means the number 5 and the boolean. Of a member that is there twice the last "
               "counts.",
           .for_clients = true,
           .check = &check},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
