#include <coyield/generators/operators/selection.hpp>

#include <algorithm>
#include <coyield/generators/json_text.hpp>
#include <nlohmann/json.hpp>
#include <optional>

namespace coyield::generators {

namespace {

using config::Checked;
using config::in_quotes;
using config::Mistake;
using Json = nlohmann::json;

using Problem = std::optional<Mistake>;

void append_value(Buffer& out, const JsonValue& value, PayloadKind kind) {
  if (!value.is_plain()) return out.append(value.raw());
  if (kind == PayloadKind::text) return append_json_string(out, value.raw());
  out.push_back('"');
  append_base64(out, value.raw());
  out.push_back('"');
}

Mistake no_selection() {
  return {"there is nothing to keep",
          R"(write the places to keep: ["/ts", "/msg"], or with new names: { "time": "/ts" })"};
}

Mistake no_name() { return {R"("" is the whole item, which has no name)", R"(give it one: { "item": "" })"}; }

Mistake no_place(const std::string& name, const Json& value) {
  const auto instead = value.is_object() || value.is_array() ? "\"/" + name + "\"" : "\"/name\"";
  return {in_quotes(name) + " is to be made of " + value.dump(-1, ' ', true, Json::error_handler_t::replace) +
              ", which is no place in the item",
          "write { " + in_quotes(name) + ": " + instead + " }"};
}

}  // namespace

/// Makes members of what is written.
class Selection::Reader {
 public:
  explicit Reader(Selection& selection) noexcept : selection_(selection) {}

  Problem read(const Json& written) {
    if (const auto* text = written.get_ptr<const std::string*>())
      return Mistake{in_quotes(*text) + " is no list of places", "write [" + in_quotes(*text) + "]"};
    if (!written.is_structured() || written.empty()) return no_selection();
    if (written.is_object()) return renamed(written);
    for (const Json& element : written) {
      if (auto problem = read_element(element)) return problem;
    }
    return std::nullopt;
  }

 private:
  Problem read_element(const Json& element) {
    if (const auto* text = element.get_ptr<const std::string*>()) return kept(*text);
    if (element.is_object()) return renamed(element);
    return Mistake{element.dump() + " in the list is no place in the item", R"(write "/name")"};
  }

  /// `"/user/id"`: a member "id".
  Problem kept(const std::string& text) {
    const auto pointer = parse_pointer(text);
    if (!pointer) return pointer.error();
    if (pointer->tokens.empty()) return no_name();
    return add(pointer->tokens.back(), *pointer);
  }

  /// `{ "user": "/user/id" }`
  Problem renamed(const Json& members) {
    for (const auto& [name, value] : members.items()) {
      const auto* text = value.get_ptr<const std::string*>();
      if (text == nullptr) return no_place(name, value);
      const auto pointer = parse_pointer(*text);
      if (!pointer) return pointer.error();
      if (auto problem = add(name, *pointer)) return problem;
    }
    return std::nullopt;
  }

  Problem add(const std::string& name, const JsonPointer& pointer) {
    if (std::ranges::find(selection_.members_, name, &Member::name) != selection_.members_.end()) {
      return Mistake{
          "two members would have the name " + in_quotes(name),
          "give one another name: { " + in_quotes(name + "2") + ": " + in_quotes(to_string(pointer)) + " }"};
    }
    selection_.members_.push_back({name, json_member_start(name), selection_.finder_.add(pointer)});
    return std::nullopt;
  }

  Selection& selection_;
};

Checked<Selection> Selection::compile(const Json& written) {
  Selection selection;
  if (const auto problem = Reader(selection).read(written)) return *problem;
  selection.found_.resize(selection.finder_.size());
  return selection;
}

void Selection::apply(Item& item) {
  finder_.find(item, found_);
  text_.clear();
  for (const Member& member : members_) {
    const JsonValue& value = found_[member.place];
    if (value.kind() == JsonValue::Kind::missing) continue;
    text_.push_back(text_.empty() ? '{' : ',');
    text_.append(member.name_as_json);
    append_value(text_, value, item.kind());
  }
  text_.append(text_.empty() ? "{}" : "}");
  item.set(PayloadKind::json, text_.view());
}

}  // namespace coyield::generators
