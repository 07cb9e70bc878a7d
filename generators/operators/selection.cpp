#include <coyield/generators/operators/selection.hpp>

#include <algorithm>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/operators/as_json.hpp>
#include <nlohmann/json.hpp>

namespace coyield::generators {

namespace {

using config::Checked;
using config::in_quotes;
using config::Mistake;
using Json = nlohmann::json;

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

/// Makes members of what is written, and notes the mistakes with their places.
class Selection::Reader {
 public:
  explicit Reader(Selection& selection, std::string parameter = {}) noexcept
      : selection_(selection), parameter_(std::move(parameter)) {}

  config::ParameterMistakes read(const Json& written) {
    if (const auto* text = written.get_ptr<const std::string*>()) {
      wrong(Place(), {in_quotes(*text) + " is no list of places", "write [" + in_quotes(*text) + "]"});
    } else if (!written.is_structured() || written.empty()) {
      wrong(Place(), no_selection());
    } else if (written.is_object()) {
      renamed(Place(), written);
    } else {
      for (std::size_t i = 0; i < written.size(); ++i) read_element(Place() / i, written[i]);
    }
    return std::move(mistakes_);
  }

 private:
  using Place = Json::json_pointer;

  void wrong(Place place, Mistake mistake) {
    mistakes_.push_back({parameter_, std::move(mistake), std::move(place)});
  }

  void read_element(const Place& place, const Json& element) {
    if (const auto* text = element.get_ptr<const std::string*>()) return kept(place, *text);
    if (element.is_object()) return renamed(place, element);
    wrong(place, {element.dump() + " in the list is no place in the item", R"(write "/name")"});
  }

  /// `"/user/id"`: a member "id".
  void kept(const Place& place, const std::string& text) {
    const auto pointer = parse_pointer(text);
    if (!pointer) return wrong(place, pointer.error());
    if (pointer->tokens.empty()) return wrong(place, no_name());
    add(place, pointer->tokens.back(), *pointer);
  }

  /// `{ "user": "/user/id" }`
  void renamed(const Place& place, const Json& members) {
    for (const auto& [name, value] : members.items()) {
      const auto* text = value.get_ptr<const std::string*>();
      if (text == nullptr) {
        wrong(place / name, no_place(name, value));
      } else if (const auto pointer = parse_pointer(*text)) {
        add(place / name, name, *pointer);
      } else {
        wrong(place / name, pointer.error());
      }
    }
  }

  void add(const Place& place, const std::string& name, const JsonPointer& pointer) {
    if (std::ranges::find(selection_.members_, name, &Member::name) != selection_.members_.end()) {
      return wrong(place, {"two members would have the name " + in_quotes(name),
                           "give one another name: { " + in_quotes(name + "2") + ": " +
                               in_quotes(to_string(pointer)) + " }"});
    }
    selection_.members_.push_back({name, json_member_start(name), selection_.finder_.add(pointer)});
  }

  Selection& selection_;
  std::string parameter_;
  config::ParameterMistakes mistakes_;
};

Checked<Selection> Selection::compile(const Json& written) {
  Selection selection;
  if (const auto mistakes = Reader(selection).read(written); !mistakes.empty())
    return config::with_place(mistakes.front());
  selection.found_.resize(selection.finder_.size());
  return selection;
}

config::ParameterMistakes Selection::check(const Json& written, const std::string& parameter) {
  Selection selection;
  return Reader(selection, parameter).read(written);
}

void Selection::apply(Item& item) {
  finder_.find(item, found_);
  text_.clear();
  for (const Member& member : members_) {
    const JsonValue& value = found_[member.place];
    if (value.kind() == JsonValue::Kind::missing) continue;
    text_.push_back(text_.empty() ? '{' : ',');
    text_.append(member.name_as_json);
    append_as_json(text_, value, item.kind());
  }
  text_.append(text_.empty() ? "{}" : "}");
  item.set(PayloadKind::json, text_.view());
}

}  // namespace coyield::generators
