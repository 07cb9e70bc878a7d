#include <coyield/generators/operators/json_edit.hpp>

#include <algorithm>
#include <coyield/generators/detail/json_keys.hpp>
#include <coyield/generators/json_text.hpp>
#include <nlohmann/json.hpp>

// The text is copied from one place that changes to the next, in one pass. A value that is set stands for the
// old one wherever the member is, also where it is there twice: nobody may find the old one by reading the
// other. What an object lacks is put in front of its closing brace.

namespace coyield::generators {

namespace {

using config::Checked;
using config::in_quotes;
using config::Mistake;
using detail::PointerNode;
using Json = nlohmann::json;
namespace ondemand = simdjson::ondemand;

Mistake no_members(const Json& written) {
  return {written.is_object() ? "there is nothing to set" : "what is set has to stand in braces",
          R"(write the places and their values: { "/host": "web1" })"};
}

Mistake whole_item() {
  return {R"("" is the whole item, which cannot be set)", R"(write a place in it: { "/name": ... })"};
}

/// The nodes that are set themselves and have something set within them.
void find_conflicts(const PointerNode& node, std::vector<const PointerNode*>& found) {
  if (node.has_place() && !node.children.empty()) found.push_back(&node);
  for (const PointerNode& child : node.children) find_conflicts(child, found);
}

Mistake set_twice(std::string_view key) {
  return {in_quotes(key) + " is set, and so is something within it",
          "write one value with both: { " + in_quotes(key) + ": { ... } }"};
}

}  // namespace

/// One pass over one text.
class JsonEdit::Pass {
 public:
  Pass(JsonEdit& edit, std::string_view text) noexcept
      : edit_(edit), keys_(text), text_(text), rest_(text.data()) {}

  void in_object(ondemand::object object, std::string_view raw, const PointerNode& node) {
    forget(node);
    bool empty = true;
    for (ondemand::field field : object) {
      empty = false;
      if (const PointerNode* child = keys_.find(node, field)) change(field.value(), *child);
    }
    for (const PointerNode& child : node.children) {
      if (edit_.seen_[child.place]) continue;
      add(raw, empty, edit_.members_[child.place].name);
      empty = false;
      edit_.text_.append(edit_.members_[child.place].value);
    }
  }

  void in_array(ondemand::array array, std::string_view raw, const PointerNode& node) {
    forget(node);
    std::size_t size = 0;
    for (ondemand::value element : array) {
      const auto child = std::ranges::find(node.children, size, &PointerNode::index);
      if (child != node.children.end()) change(element, *child);
      ++size;
    }
    for (const PointerNode& child : node.children) {
      if (child.token != "-" && child.index != size) continue;
      add(raw, size == 0, "");
      ++size;
      edit_.text_.append(edit_.members_[child.place].value);
    }
  }

  void finish() { copy_in_front_of(text_.substr(text_.size())); }

 private:
  void change(ondemand::value value, const PointerNode& node) {
    edit_.seen_[node.place] = 1;
    const char first = value.raw_json_token().front();
    if (node.children.empty() || first == 'n') {
      replace(detail::raw_text(value), edit_.members_[node.place].value);
    } else if (first == '{') {
      ondemand::object object = value.get_object();
      const std::string_view raw = detail::trimmed(object.raw_json());
      object.reset().value();
      in_object(object, raw, node);
    } else if (first == '[') {
      ondemand::array array = value.get_array();
      const std::string_view raw = detail::trimmed(array.raw_json());
      array.reset().value();
      in_array(array, raw, node);
    }
  }

  void forget(const PointerNode& node) {
    for (const PointerNode& child : node.children) edit_.seen_[child.place] = 0;
  }

  void copy_in_front_of(std::string_view part) {
    edit_.text_.append({rest_, static_cast<std::size_t>(part.data() - rest_)});
    rest_ = part.data();
  }
  void replace(std::string_view old, std::string_view value) {
    copy_in_front_of(old);
    edit_.text_.append(value);
    rest_ = old.data() + old.size();
  }
  /// In front of the brace or bracket that ends `container`.
  void add(std::string_view container, bool first, std::string_view name) {
    copy_in_front_of(container.substr(container.size() - 1));
    if (!first) edit_.text_.push_back(',');
    edit_.text_.append(name);
  }

  JsonEdit& edit_;
  detail::JsonKeys keys_;
  std::string_view text_;
  const char* rest_;  // from here on nothing has been copied
};

Checked<JsonEdit> JsonEdit::compile(const Json& written) {
  JsonEdit edit;
  config::ParameterMistakes mistakes;
  edit.compile(written, {}, mistakes);
  if (!mistakes.empty()) return config::with_place(mistakes.front());
  return edit;
}

config::ParameterMistakes JsonEdit::check(const Json& written, const std::string& parameter) {
  config::ParameterMistakes mistakes;
  JsonEdit().compile(written, parameter, mistakes);
  return mistakes;
}

void JsonEdit::compile(const Json& written, const std::string& parameter,
                       config::ParameterMistakes& mistakes) {
  const auto wrong = [&](const Json::json_pointer& place, Mistake mistake) {
    mistakes.push_back({parameter, std::move(mistake), place});
  };
  if (!written.is_object() || written.empty()) return wrong(Json::json_pointer(), no_members(written));
  std::vector<std::string> keys;
  std::vector<std::string> values;
  for (const auto& [key, value] : written.items()) {
    const auto pointer = parse_pointer(key);
    if (!pointer || pointer->tokens.empty()) {
      wrong(Json::json_pointer() / key, pointer ? whole_item() : pointer.error());
      continue;
    }
    root_.at(*pointer).place = keys.size();
    keys.push_back(key);
    values.push_back(value.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  std::vector<const PointerNode*> conflicts;
  find_conflicts(root_, conflicts);
  for (const PointerNode* conflict : conflicts) {
    const std::string& key = keys[conflict->place];
    wrong(Json::json_pointer() / key, set_twice(key));
  }
  if (!mistakes.empty()) return;
  add_member(root_, values);
  seen_.resize(members_.size());
}

/// Gives a node its final place, and what stands there.
std::string JsonEdit::add_member(PointerNode& node, const std::vector<std::string>& values) {
  std::string value = node.has_place() ? values[node.place] : "";
  for (PointerNode& child : node.children) {
    value += value.empty() ? '{' : ',';
    value += json_member_start(child.token) + add_member(child, values);
  }
  if (!node.children.empty()) value += '}';
  node.place = members_.size();
  members_.push_back({json_member_start(node.token), value});
  return value;
}

void JsonEdit::apply(Item& item) {
  if (item.kind() != PayloadKind::json) return;
  detail::JsonParser& parser = detail::JsonReader::of_thread().items;
  const std::string_view text = parser.take([&item](Buffer& out) { item.write_payload(out); });
  if (text == "null") return item.set(PayloadKind::json, members_[root_.place].value);
  if (!text.starts_with('{') && !text.starts_with('[')) return;
  text_.clear();
  detail::reading_json([&] {
    Pass pass(*this, text);
    ondemand::document document = parser.read();
    if (text.front() == '{') {
      pass.in_object(document.get_object(), text, root_);
    } else {
      pass.in_array(document.get_array(), text, root_);
    }
    pass.finish();
  });
  item.set(PayloadKind::json, text_.view());
}

}  // namespace coyield::generators
