#pragma once

#include <coyield/config/component.hpp>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/detail/pointer_node.hpp>
#include <coyield/generators/item.hpp>
#include <optional>
#include <string>
#include <vector>

namespace coyield::generators {

/// Replaces or removes values in an item: what `redact` does. The rest of the text stays as it is written.
///
/// A field is a JSON Pointer, in which `*` stands for every member of an object and every element of an
/// array. Of a member that stands in its object twice both are replaced, or removed.
///
///     Redaction redaction({"/password", "/users/*/email"}, R"("***")");
///     redaction.apply(item);
///
/// For one thread at a time.
class Redaction {
 public:
  /// All mistakes in the fields, as those of this parameter; none if they are good.
  static config::ParameterMistakes check(const std::vector<std::string>& fields,
                                         const std::string& parameter);

  /// `fields` must be good; where they are not, it throws std::invalid_argument. `instead` is the JSON text
  /// that stands for each of the values; without it they are removed.
  Redaction(const std::vector<std::string>& fields, std::optional<std::string> instead);

  /// The item borrows its new payload from here until the next call. One that has none of the fields stays as
  /// it is, and so does one that is no JSON. Throws Failure(internal) for an item whose JSON is none, where
  /// that is noticed.
  void apply(Item& item);

 private:
  class Pass;

  detail::PointerNode root_;
  std::optional<std::string> instead_;
  Buffer text_;
};

}  // namespace coyield::generators
