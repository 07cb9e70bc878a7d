#include <coyield/generators/operators/redaction.hpp>

#include <algorithm>
#include <coyield/generators/detail/json_keys.hpp>
#include <nlohmann/json.hpp>
#include <utility>

// The text is copied from one value that goes to the next, in one pass. With a value that is removed goes the
// comma in front of it; where nothing that stays is in front of it, the one behind it.

namespace coyield::generators {

namespace {

using config::Mistake;
using detail::PointerNode;
namespace ondemand = simdjson::ondemand;

constexpr std::string_view every = "*";

Mistake whole_item() {
  return {R"("" is the whole item)",
          R"(write a place in it, such as "/name"; whole items are dropped by "where")"};
}

/// The child for all that no other child is for, or null.
const PointerNode* star_of(const PointerNode& node) {
  const auto star = std::ranges::find(node.children, every, &PointerNode::token);
  return star == node.children.end() ? nullptr : &*star;
}

void merge(PointerNode& into, const PointerNode& from) {
  if (from.has_place()) into.place = from.place;
  for (const PointerNode& child : from.children) merge(into.child(child.token), child);
}

/// What is to happen to every member happens to those with a name of their own too: afterwards one child says
/// all about a member.
void spread_stars(PointerNode& node) {
  if (const PointerNode* star = star_of(node)) {
    for (PointerNode& child : node.children) {
      if (&child != star) merge(child, *star);
    }
  }
  for (PointerNode& child : node.children) spread_stars(child);
}

}  // namespace

/// One pass over one text.
class Redaction::Pass {
 public:
  Pass(Redaction& redaction, std::string_view text) noexcept
      : redaction_(redaction), keys_(text), text_(text), rest_(text.data()) {}

  void in_object(ondemand::object object, const PointerNode& node) {
    const PointerNode* const star = star_of(node);
    Container container;
    for (ondemand::field field : object) {
      const char* const begin = field.key().raw() - 1;
      const PointerNode* const named = keys_.find(node, field);
      take(begin, field.value(), named != nullptr ? named : star, container);
    }
  }

  void in_array(ondemand::array array, const PointerNode& node) {
    const PointerNode* const star = star_of(node);
    Container container;
    std::size_t index = 0;
    for (ondemand::value element : array) {
      const auto own = std::ranges::find(node.children, index++, &PointerNode::index);
      take(begin_of(element.raw_json_token()), element, own != node.children.end() ? &*own : star, container);
    }
  }

  bool changed_anything() const noexcept { return rest_ != text_.data(); }
  void finish() { copy_up_to(text_.data() + text_.size()); }

 private:
  struct Container {
    bool something_stays = false;
    bool comma_goes = false;  // the one behind what was removed last
  };

  /// A member or an element, which begins at `begin`.
  void take(const char* begin, ondemand::value value, const PointerNode* node, Container& container) {
    if (std::exchange(container.comma_goes, false)) rest_ = begin;
    const bool goes = node != nullptr && node->has_place() && !redaction_.instead_;
    if (!goes) {
      container.something_stays = true;
      if (node != nullptr) change(value, *node);
      return;
    }
    copy_up_to(container.something_stays ? comma_before(begin) : begin);
    skip(detail::raw_text(value));
    container.comma_goes = !container.something_stays;
  }

  void change(ondemand::value value, const PointerNode& node) {
    const char first = value.raw_json_token().front();
    if (node.has_place()) {
      const std::string_view old = detail::raw_text(value);
      copy_up_to(begin_of(old));
      redaction_.text_.append(*redaction_.instead_);
      skip(old);
    } else if (first == '{') {
      in_object(value.get_object(), node);
    } else if (first == '[') {
      in_array(value.get_array(), node);
    }
  }

  static const char* begin_of(std::string_view part) noexcept { return &part.front(); }
  static const char* comma_before(const char* begin) noexcept {
    do --begin;
    while (*begin != ',');
    return begin;
  }
  void copy_up_to(const char* end) {
    redaction_.text_.append({rest_, static_cast<std::size_t>(end - rest_)});
    rest_ = end;
  }
  void skip(std::string_view part) noexcept { rest_ = part.data() + part.size(); }

  Redaction& redaction_;
  detail::JsonKeys keys_;
  std::string_view text_;
  const char* rest_;  // from here on nothing has been copied
};

config::ParameterMistakes Redaction::check(const std::vector<std::string>& fields,
                                           const std::string& parameter) {
  config::ParameterMistakes mistakes;
  if (fields.empty())
    mistakes.push_back({parameter, {"there is nothing to redact", R"(write ["/password"])"}});
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto pointer = parse_pointer(fields[i]);
    if (pointer && !pointer->tokens.empty()) continue;
    mistakes.push_back(
        {parameter, pointer ? whole_item() : pointer.error(), nlohmann::json::json_pointer() / i});
  }
  return mistakes;
}

Redaction::Redaction(const std::vector<std::string>& fields, std::optional<std::string> instead)
    : instead_(std::move(instead)) {
  for (const std::string& field : fields) root_.at(parse_pointer(field).value()).place = 0;
  spread_stars(root_);
}

void Redaction::apply(Item& item) {
  if (item.kind() != PayloadKind::json) return;
  detail::JsonParser& parser = detail::JsonReader::of_thread().items;
  const std::string_view text = parser.take([&item](Buffer& out) { item.write_payload(out); });
  if (!text.starts_with('{') && !text.starts_with('[')) return;
  text_.clear();
  bool changed = false;
  detail::reading_json([&] {
    Pass pass(*this, text);
    ondemand::document document = parser.read();
    if (text.front() == '{') {
      pass.in_object(document.get_object(), root_);
    } else {
      pass.in_array(document.get_array(), root_);
    }
    changed = pass.changed_anything();
    if (changed) pass.finish();
  });
  if (changed) item.set(PayloadKind::json, text_.view());
}

}  // namespace coyield::generators
