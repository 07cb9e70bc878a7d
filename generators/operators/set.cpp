#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/json_edit.hpp>
#include <coyield/generators/operators/map.hpp>
#include <nlohmann/json.hpp>

namespace coyield::generators {

namespace {

config::Checked<JsonEdit> compile(const config::Arguments& arguments) {
  return JsonEdit::compile(arguments.get<nlohmann::json>("members"));
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  return map(std::move(upstream), [edit = compile(arguments).value()](Item&& item) mutable {
    edit.apply(item);
    return std::move(item);
  });
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto& members = arguments.get<nlohmann::json>("members");
  if (members.is_object() && members.empty())
    return {{"members", {"there is nothing to set", R"(write { "set": { "/host": "web1" } })"}}};
  if (members.is_string() && arguments.from_request("members"))
    return {{"members", {"a request cannot say what is set", R"(write { "/name": "${query.name}" })"}}};
  return JsonEdit::check(members, "members");
}

}  // namespace

Operator set_operator() {
  return {.description =
              {.kind = config::ComponentKind::operator_,
               .name = "set",
               .summary = "Each item with some members set to given values.",
               .parameters = {{.name = "members",
                               .type = config::ParameterType::json,
                               .summary = "Places in the item as JSON Pointers, each with the value that it "
                                          "gets. Texts may have values of the request in them.",
                               .required = true}},
               .main = "members",
               .example = R"({ "set": { "/host": "web1", "/user/seen": true } })",
               .details =
                   "A member that is there gets the new value, one that is not is added at the end of its "
                   "object, and objects on the way are made where there is nothing or null. In an array "
                   "\"/tags/0\" sets an element that is there, \"/tags/-\" adds one at the end. Where "
                   "something else is in the way (a text, a number), the item stays as it is, and so does an "
                   "item that is no JSON: { \"select\": { \"line\": \"\" } } makes an object of a text "
                   "first. All else in the item stays as it is written.",
               .check = &check},
          .positions = Positions::kept,
          .apply = &apply};
}

}  // namespace coyield::generators
