#include <coyield/generators/operators/value_test.hpp>

#include <algorithm>
#include <coyield/generators/json_check.hpp>

namespace coyield::generators {

namespace {

using Json = nlohmann::json;
using ValueKind = JsonValue::Kind;

/// std::string compares as unsigned bytes, which in UTF-8 is the order of code points.
std::partial_ordering order(const JsonValue& value, const Json& other) {
  if (value.kind() == ValueKind::number && other.is_number()) return value.number() <=> JsonNumber(other);
  if (value.kind() != ValueKind::text || !other.is_string()) return std::partial_ordering::unordered;
  return value.text() <=> std::string_view(other.get_ref<const std::string&>());
}

/// What a text means that is written as a number or a boolean is.
Json meaning(const Json& value) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr || !is_json(*text)) return Json(Json::value_t::discarded);
  Json meant = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  return meant.is_number() || meant.is_boolean() ? meant : Json(Json::value_t::discarded);
}

}  // namespace

Operand::Operand(Json value, Texts texts)
    : value_(std::move(value)),
      meant_(texts == Texts::from_request ? meaning(value_) : Json(Json::value_t::discarded)) {}

bool Operand::equals(const JsonValue& value) const {
  return value.equals(value_) || (!meant_.is_discarded() && value.equals(meant_));
}

std::partial_ordering Operand::order_of(const JsonValue& value) const {
  const bool as_number = value.kind() == ValueKind::number && !meant_.is_discarded();
  return order(value, as_number ? meant_ : value_);
}

bool ValueTest::holds(const JsonValue& value) const {
  if (value.kind() == ValueKind::missing) return false;
  switch (kind_) {
    case Kind::exists:
      return true;
    case Kind::one_of:
      return std::ranges::any_of(operands_, [&value](const Operand& each) { return each.equals(value); });
    case Kind::less:
      return operands_.front().order_of(value) < 0;
    case Kind::greater:
      return operands_.front().order_of(value) > 0;
    case Kind::at_least:
      return operands_.front().order_of(value) >= 0;
    case Kind::at_most:
      return operands_.front().order_of(value) <= 0;
    case Kind::prefix:
      return begins(value);
    case Kind::contains:
      return contained_in(value);
  }
  return false;
}

bool ValueTest::begins(const JsonValue& value) const {
  return value.kind() == ValueKind::text && value.text().starts_with(*operands_.front().text());
}

bool ValueTest::contained_in(const JsonValue& value) const {
  const Operand& wanted = operands_.front();
  if (value.kind() == ValueKind::array)
    return value.any_element([&wanted](const JsonValue& element) { return wanted.equals(element); });
  return value.kind() == ValueKind::text && wanted.text() != nullptr &&
         value.text().find(*wanted.text()) != std::string_view::npos;
}

}  // namespace coyield::generators
