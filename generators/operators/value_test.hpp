#pragma once

#include <compare>
#include <coyield/generators/json_value.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace coyield::generators {

/// What the texts are that a condition compares with.
enum class Texts : unsigned char {
  written,       ///< they stand in the configuration: texts, and nothing but texts
  from_request,  ///< a request can bring nothing but texts: `5` and `true` mean the number and the boolean
                 ///< too
};

/// A value that another one is compared with.
class Operand {
 public:
  Operand(nlohmann::json value, Texts texts);

  bool equals(const JsonValue& value) const;
  /// How `value` stands to this one; unordered unless both are numbers or both are texts. Texts are in the
  /// order of their code points.
  std::partial_ordering order_of(const JsonValue& value) const;
  /// Null if it is no text.
  const std::string* text() const noexcept { return value_.get_ptr<const std::string*>(); }

 private:
  nlohmann::json value_;
  nlohmann::json meant_;  // the number or boolean that a text from a request may be, else discarded
};

/// One question about one value, as `{ "less": 5 }` asks it. A value that is missing has no property at all:
/// whatever is asked about it is false.
class ValueTest {
 public:
  enum class Kind : unsigned char { exists, one_of, less, greater, at_least, at_most, prefix, contains };

  /// `exists`, for which there is nothing to compare with.
  ValueTest() noexcept = default;
  /// All but `one_of` have one operand; that of `prefix` is a text.
  ValueTest(Kind kind, std::vector<Operand> operands) : kind_(kind), operands_(std::move(operands)) {}

  bool holds(const JsonValue& value) const;

 private:
  bool begins(const JsonValue& value) const;
  bool contained_in(const JsonValue& value) const;

  Kind kind_ = Kind::exists;
  std::vector<Operand> operands_;
};

}  // namespace coyield::generators
