#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/as_json.hpp>
#include <coyield/generators/operators/item_schema.hpp>
#include <nlohmann/json.hpp>

namespace coyield::generators {

namespace {

constexpr std::string_view event_of_invalid = "invalid";

enum class OnInvalid { fail, drop, mark };

OnInvalid on_invalid_of(const config::Arguments& arguments) {
  const auto& word = arguments.get<std::string>("on_invalid");
  return word == "drop" ? OnInvalid::drop : word == "mark" ? OnInvalid::mark : OnInvalid::fail;
}

/// `{"invalid": WHY, "item": ITEM}`
void write_marked(Buffer& out, const std::string& why, const Item& item, std::size_t max_item) {
  out.clear();
  out.append(R"({"invalid":)");
  append_as_json(out, Item::text(why));
  out.append(R"(,"item":)");
  append_as_json(out, item);
  out.append("}");
  if (out.size() > max_item)
    throw Failure(FailureKind::internal, "an item that was marked is longer than an item may be");
}

AsyncGenerator<Item> validate(AsyncGenerator<Item> upstream, ItemSchema schema, OnInvalid on_invalid,
                              std::size_t max_item) {
  Buffer marked;
  while (auto item = co_await upstream.next()) {
    const auto mistake = is_gap(*item) ? std::nullopt : schema.mistake_in(*item);
    if (!mistake) {
      co_yield std::move(*item);
    } else if (on_invalid == OnInvalid::fail) {
      throw Failure(FailureKind::upstream, "an item does not fit the schema: " + *mistake);
    } else if (on_invalid == OnInvalid::mark) {
      write_marked(marked, *mistake, *item, max_item);
      item->set(PayloadKind::json, marked.view());
      item->set_event(event_of_invalid);
      co_yield std::move(*item);
    }
  }
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments,
                           OperatorContext context) {
  return validate(std::move(upstream), ItemSchema::compile(arguments.get<nlohmann::json>("schema")).value(),
                  on_invalid_of(arguments), context.max_item);
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto compiled = ItemSchema::compile(arguments.get<nlohmann::json>("schema"));
  if (compiled) return {};
  return {{"schema", compiled.error()}};
}

}  // namespace

Operator schema_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "schema",
           .summary = "Only items that are as a JSON Schema says.",
           .parameters = {{.name = "schema",
                           .type = ParameterType::json,
                           .summary = "The schema (draft 7).",
                           .required = true,
                           .request_values = false},
                          {.name = "on_invalid",
                           .type = ParameterType::choice,
                           .summary = "What becomes of an item that is not: the stream fails, it is dropped, "
                                      "or it is marked.",
                           .default_value = "fail",
                           .choices = {"fail", "drop", "mark"}}},
           .main = "schema",
           .example =
               R"({ "schema": { "schema": { "required": ["id"], "properties": { "id": { "type": "integer" } } }, )"
               R"("on_invalid": "drop" } })",
           .details =
               "An item that is marked becomes { \"invalid\": WHY, \"item\": ITEM }, with the event name "
               "\"invalid\". Where the stream fails, its message says which place of the item is wrong. A "
               "text item is a string, bytes are one in Base64. \"pattern\" is a regular expression of RE2, "
               "which takes no longer than the text is long; \"format\" says nothing, as in drafts since "
               "2019-09; whole numbers beyond 2^63 count as 2^63 - 1; \"patternProperties\", and references "
               "to other documents, are refused. Ids stay, "
               "and "
               "so do gaps.",
           .check = &check},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
