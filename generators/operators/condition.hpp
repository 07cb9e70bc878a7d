#pragma once

#include <coyield/config/component.hpp>
#include <coyield/generators/json_finder.hpp>
#include <coyield/generators/operators/value_test.hpp>
#include <nlohmann/json_fwd.hpp>
#include <vector>

namespace coyield::generators {

/// Tells whether an item has some properties: what `where` asks. Compiled once of the JSON that says it, and
/// asked in one pass over each item's text.
///
///     auto condition = Condition::compile(R"({ "/level": "error", "/n": { "greater": 5 } })"_json);
///     if (!condition) ...                    // a Mistake, which says what to write instead
///     condition->holds(item)
///
/// The language is described at the operator (`coyield list operators where`). For one thread at a time.
class Condition {
 public:
  /// The mistake is the first of `check`.
  static config::Checked<Condition> compile(const nlohmann::json& written, Texts texts = Texts::written);
  /// All mistakes in it, as those of this parameter; none if it compiles.
  static config::ParameterMistakes check(const nlohmann::json& written, const std::string& parameter);

  /// Throws Failure(internal) for an item whose JSON is none, where that is noticed.
  bool holds(const Item& item);

 private:
  /// A test of one value, or several conditions as one.
  struct Node {
    enum class Kind : unsigned char { test, all, any, none };
    Kind kind = Kind::test;
    std::vector<Node> children = {};
    std::size_t place = 0;  ///< of the value, in what `finder_` finds
    ValueTest test = {};
  };
  class Reader;

  bool holds(const Node& node) const;

  JsonFinder finder_;
  Node root_;
  std::vector<JsonValue> found_;
};

}  // namespace coyield::generators
