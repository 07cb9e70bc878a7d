#pragma once

#include <coyield/generators/json_number.hpp>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace coyield::generators {

/// One value within a JSON text, as it stands there: a view that parses itself only as far as it is asked.
///
/// Also a text that stands in no JSON (an item of text is the same value as the JSON string of it), and a
/// value that is not there. Borrows the text, which must be valid JSON.
class JsonValue {
 public:
  enum class Kind : unsigned char { missing, null, boolean, number, text, array, object };

  /// Missing.
  JsonValue() noexcept = default;
  /// `raw` is exactly one value, without blanks around it.
  static JsonValue json(std::string_view raw) noexcept { return JsonValue(raw, kind_of(raw)); }
  static JsonValue plain_text(std::string_view text) noexcept {
    JsonValue value(text, Kind::text);
    value.plain_ = true;
    return value;
  }

  Kind kind() const noexcept { return kind_; }
  /// What is written, digit by digit; of plain text, which is no JSON, the text.
  std::string_view raw() const noexcept { return raw_; }
  bool is_plain() const noexcept { return plain_; }

  /// Of a boolean.
  bool boolean() const noexcept { return raw_.front() == 't'; }
  /// Of a number.
  JsonNumber number() const noexcept { return JsonNumber::parse(raw_); }
  /// The characters of a text. Where it has escapes they are resolved into memory of this thread, which the
  /// next text with escapes takes.
  std::string_view text() const;
  /// Whether a text is `expected`, which is cheaper than to ask for it.
  bool is_text(std::string_view expected) const;

  /// Whether it is the same value: numbers by value, objects whatever the order of their members (of a member
  /// that is there twice the last counts). A missing one is the same as nothing. Arrays and objects are made
  /// into trees to be compared.
  bool equals(const nlohmann::json& expected) const;

  /// Whether `wanted` is true for an element of an array. It must not ask for the elements of that.
  bool any_element(const std::function<bool(const JsonValue&)>& wanted) const;

 private:
  JsonValue(std::string_view raw, Kind kind) noexcept : raw_(raw), kind_(kind) {}
  static Kind kind_of(std::string_view raw) noexcept;
  std::string_view between_quotes() const noexcept { return raw_.substr(1, raw_.size() - 2); }

  std::string_view raw_;
  Kind kind_ = Kind::missing;
  bool plain_ = false;
};

}  // namespace coyield::generators
