#pragma once

#include <algorithm>
#include <coyield/generators/json_pointer.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace coyield::generators::detail {

/// Several JSON Pointers as the tree of their tokens, so that one pass over a text finds them all. Each has a
/// place, a number of its own; nodes on the way to others may have none.
struct PointerNode {
  static constexpr std::size_t no_place = SIZE_MAX;

  std::string token;
  bool plain = true;                 ///< no member's name is this where the text has escapes only
  std::optional<std::size_t> index;  ///< the token in an array
  std::size_t place = no_place;
  std::vector<PointerNode> children;

  bool has_place() const noexcept { return place != no_place; }

  PointerNode& child(const std::string& wanted) {
    const auto found = std::ranges::find(children, wanted, &PointerNode::token);
    if (found != children.end()) return *found;
    PointerNode node;
    node.token = wanted;
    node.plain = wanted.find_first_of("\"\\") == std::string::npos;
    node.index = array_index(wanted);
    children.push_back(std::move(node));
    return children.back();
  }
  /// The node of a pointer, which is made where it is not there.
  PointerNode& at(const JsonPointer& pointer) {
    PointerNode* node = this;
    for (const std::string& each : pointer.tokens) node = &node->child(each);
    return *node;
  }
};

}  // namespace coyield::generators::detail
