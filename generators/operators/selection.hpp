#pragma once

#include <coyield/config/component.hpp>
#include <coyield/generators/json_finder.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace coyield::generators {

/// Makes an object of some values of an item: what `select` does. The values are copied as they are written.
///
///     auto selection = Selection::compile(R"(["/ts", { "text": "/msg" }])"_json);
///     if (!selection) ...                    // a Mistake, which says what to write instead
///     selection->apply(item);                // {"ts":1700000000,"text":"hello"}
///
/// For one thread at a time.
class Selection {
 public:
  /// The mistake is the first of `check`.
  static config::Checked<Selection> compile(const nlohmann::json& written);
  /// All mistakes in it, as those of this parameter; none if it compiles.
  static config::ParameterMistakes check(const nlohmann::json& written, const std::string& parameter);

  /// The item's payload becomes the object, which the item borrows from here until the next call. Throws
  /// Failure(internal) for an item whose JSON is none, where that is noticed.
  void apply(Item& item);

 private:
  struct Member {
    std::string name;
    std::string name_as_json;  ///< with its quotes and colon
    std::size_t place;         ///< of the value, in what `finder_` finds
  };
  class Reader;

  JsonFinder finder_;
  std::vector<Member> members_;
  std::vector<JsonValue> found_;
  Buffer text_;
};

}  // namespace coyield::generators
