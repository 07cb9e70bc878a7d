#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/map.hpp>
#include <coyield/generators/operators/selection.hpp>
#include <nlohmann/json.hpp>

namespace coyield::generators {

namespace {

config::Checked<Selection> compile(const config::Arguments& arguments) {
  return Selection::compile(arguments.get<nlohmann::json>("members"));
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return map(std::move(upstream), [selection = compile(arguments).value()](Item&& item) mutable {
    if (item.kind() != PayloadKind::gap) selection.apply(item);
    return std::move(item);
  });
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto& members = arguments.get<nlohmann::json>("members");
  if (members.is_object() && members.empty())
    return {{"members", {"there is nothing to keep", R"(write { "select": ["/ts", "/msg"] })"}}};
  return Selection::check(members, "members");
}

}  // namespace

Operator select_operator() {
  return {.description =
              {.kind = config::ComponentKind::operator_,
               .name = "select",
               .summary = "Of each item some members, with new names if wanted.",
               .parameters = {{.name = "members",
                               .type = config::ParameterType::json,
                               .summary = "A list of JSON Pointers; or an object of new names, each with a "
                                          "pointer; or a list with both.",
                               .required = true,
                               .request_values = false}},
               .main = "members",
               .example = R"({ "select": ["/ts", "/user/name", { "text": "/msg" }] })",
               .details =
                   "Makes of each item an object of the values at these places (RFC 6901: \"/name\", "
                   "\"/user/name\", \"/tags/0\", or \"\" for the whole item), copied as they are written. "
                   "A member has the last name of its pointer, or the new one; they come in the order of the "
                   "list, and within an object of new names in the order of the alphabet. What an item does "
                   "not have is left out. A text item is a string, bytes are one in Base64: "
                   "{ \"select\": { \"line\": \"\" } } makes objects of them. Ids and event names stay.",
               .for_clients = true,
               .check = &check},
          .positions = Positions::kept,
          .apply = &apply};
}

}  // namespace coyield::generators
