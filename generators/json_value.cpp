#include <coyield/generators/json_value.hpp>

#include <algorithm>
#include <coyield/generators/detail/json_reader.hpp>
#include <nlohmann/json.hpp>

namespace coyield::generators {

namespace {

using Json = nlohmann::json;
namespace ondemand = simdjson::ondemand;

/// Like nlohmann's own comparison, but exact with numbers. As deep as the shallower of both.
bool same(const Json& one, const Json& other) {
  if (one.is_number() && other.is_number()) return JsonNumber(one) == JsonNumber(other);
  if (one.type() != other.type()) return false;
  if (one.is_array()) return std::ranges::equal(one, other, same);
  if (!one.is_object()) return one == other;
  if (one.size() != other.size()) return false;
  for (auto a = one.begin(), b = other.begin(); a != one.end(); ++a, ++b) {  // both are in order
    if (a.key() != b.key() || !same(*a, *b)) return false;
  }
  return true;
}

bool same_tree(std::string_view raw, const Json& expected) {
  const Json tree = Json::parse(raw, nullptr, /*allow_exceptions=*/false);
  return !tree.is_discarded() && same(tree, expected);
}

}  // namespace

JsonValue::Kind JsonValue::kind_of(std::string_view raw) noexcept {
  switch (raw.empty() ? '\0' : raw.front()) {
    case '\0':
      return Kind::missing;
    case '{':
      return Kind::object;
    case '[':
      return Kind::array;
    case '"':
      return Kind::text;
    case 't':
    case 'f':
      return Kind::boolean;
    case 'n':
      return Kind::null;
    default:
      return Kind::number;
  }
}

std::string_view JsonValue::text() const {
  if (plain_) return raw_;
  const std::string_view inner = between_quotes();
  if (inner.find('\\') == std::string_view::npos) return inner;
  return detail::JsonReader::of_thread().unescape(inner);
}

bool JsonValue::is_text(std::string_view expected) const {
  const std::string_view written = plain_ ? raw_ : between_quotes();
  // An escape is never shorter than what it stands for.
  if (written.size() < expected.size()) return false;
  if (written.size() == expected.size() && written != expected) return false;
  return text() == expected;
}

bool JsonValue::equals(const Json& expected) const {
  switch (kind_) {
    case Kind::missing:
      return false;
    case Kind::null:
      return expected.is_null();
    case Kind::boolean:
      return expected.is_boolean() && expected.get<bool>() == boolean();
    case Kind::number:
      return expected.is_number() && JsonNumber(expected) == number();
    case Kind::text:
      return expected.is_string() && is_text(expected.get_ref<const std::string&>());
    case Kind::array:
      return expected.is_array() && same_tree(raw_, expected);
    case Kind::object:
      return expected.is_object() && same_tree(raw_, expected);
  }
  return false;
}

bool JsonValue::any_element(const std::function<bool(const JsonValue&)>& wanted) const {
  detail::JsonParser& parser = detail::JsonReader::of_thread().elements;
  parser.take([this](Buffer& out) { out.append(raw_); });
  bool any = false;
  detail::reading_json([&] {
    auto document = parser.read();
    for (ondemand::value element : ondemand::array(document.get_array())) {
      any = wanted(json(detail::raw_text(element)));
      if (any) return;
    }
  });
  return any;
}

}  // namespace coyield::generators
