#pragma once

#include <coyield/config/component.hpp>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/detail/pointer_node.hpp>
#include <coyield/generators/item.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace coyield::generators {

/// Sets values in an item: what `set` does. The rest of the text stays as it is written.
///
///     auto edit = JsonEdit::compile(R"({ "/host": "web1", "/user/role": null })"_json);
///     if (!edit) ...                         // a Mistake, which says what to write instead
///     edit->apply(item);
///
/// For one thread at a time.
class JsonEdit {
 public:
  /// The mistake is the first of `check`.
  static config::Checked<JsonEdit> compile(const nlohmann::json& written);
  /// All mistakes in it, as those of this parameter; none if it compiles.
  static config::ParameterMistakes check(const nlohmann::json& written, const std::string& parameter);

  /// The item borrows its new payload from here until the next call. One that is neither object nor array
  /// nor null stays as it is. Throws Failure(internal) for an item whose JSON is none, where that is noticed.
  void apply(Item& item);

 private:
  /// What stands in a text for a node of the tree.
  struct Member {
    std::string name;   ///< as JSON, with its colon
    std::string value;  ///< what is set; of a node on the way, the object of all that is set below
  };
  class Pass;

  void compile(const nlohmann::json& written, const std::string& parameter,
               config::ParameterMistakes& mistakes);
  std::string add_member(detail::PointerNode& node, const std::vector<std::string>& values);

  detail::PointerNode root_;
  std::vector<Member> members_;  ///< by the places of the nodes, each of which has one
  std::vector<char> seen_;       ///< of those, which the object or array at hand has
  Buffer text_;
};

}  // namespace coyield::generators
