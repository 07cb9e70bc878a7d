#include <coyield/generators/json_finder.hpp>

#include <algorithm>
#include <coyield/generators/detail/json_keys.hpp>

namespace coyield::generators {

namespace {

using detail::PointerNode;
namespace ondemand = simdjson::ondemand;

/// One pass over one text.
class Search {
 public:
  Search(std::string_view text, std::span<JsonValue> found) noexcept : keys_(text), found_(found) {}

  void in_object(ondemand::object object, const PointerNode& node) {
    for (ondemand::field field : object) {
      if (const PointerNode* child = keys_.find(node, field)) take(field.value(), *child);
    }
  }

  void in_array(ondemand::array array, const PointerNode& node) {
    std::size_t last = 0;
    for (const PointerNode& child : node.children) last = std::max(last, child.index.value_or(0));
    std::size_t index = 0;
    for (ondemand::value element : array) {
      const auto child = std::ranges::find(node.children, index, &PointerNode::index);
      if (child != node.children.end()) take(element, *child);
      if (index++ == last) break;
    }
  }

 private:
  void take(ondemand::value value, const PointerNode& node) {
    if (node.children.empty()) {
      found_[node.place] = JsonValue::json(detail::raw_text(value));
      return;
    }
    forget(node);
    switch (value.raw_json_token().front()) {
      case '{':
        in_object(taken<ondemand::object>(value.get_object(), node), node);
        return;
      case '[':
        in_array(taken<ondemand::array>(value.get_array(), node), node);
        return;
      default:
        if (node.has_place()) found_[node.place] = JsonValue::json(detail::raw_text(value));
    }
  }

  /// An array or object that is asked for itself, and then for what is in it.
  template <class Container>
  Container taken(Container container, const PointerNode& node) {
    if (node.has_place()) {
      found_[node.place] = JsonValue::json(detail::trimmed(container.raw_json()));
      container.reset().value();
    }
    return container;
  }

  /// What an earlier member of the same name had.
  void forget(const PointerNode& node) {
    if (node.has_place()) found_[node.place] = JsonValue();
    for (const PointerNode& child : node.children) forget(child);
  }

  detail::JsonKeys keys_;
  std::span<JsonValue> found_;
};

void search(detail::JsonParser& parser, std::string_view text, const PointerNode& root,
            std::span<JsonValue> found) {
  detail::reading_json([&] {
    ondemand::document document = parser.read();
    Search pass(text, found);
    if (text.front() == '{') {
      pass.in_object(document.get_object(), root);
    } else {
      pass.in_array(document.get_array(), root);
    }
  });
}

}  // namespace

std::size_t JsonFinder::add(const JsonPointer& pointer) {
  PointerNode& node = root_.at(pointer);
  if (!node.has_place()) node.place = size_++;
  return node.place;
}

void JsonFinder::find(const Item& item, std::span<JsonValue> found) const {
  std::ranges::fill(found, JsonValue());
  if (item.kind() == PayloadKind::gap) return;
  if (item.kind() != PayloadKind::json) {
    if (root_.has_place()) found[root_.place] = JsonValue::plain_text(item.payload());
    return;
  }
  detail::JsonParser& parser = detail::JsonReader::of_thread().items;
  const std::string_view text = parser.take([&item](Buffer& out) { item.write_payload(out); });
  if (root_.has_place()) found[root_.place] = JsonValue::json(text);
  const bool has_members = text.starts_with('{') || text.starts_with('[');
  if (has_members && !root_.children.empty()) search(parser, text, root_, found);
}

}  // namespace coyield::generators
