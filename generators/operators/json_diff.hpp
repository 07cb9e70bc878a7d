#pragma once

#include <array>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/item.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {

/// Says how an item differs from the one before, as a JSON Patch (RFC 6902): what `diff` does.
///
///     JsonDiff diff;
///     diff.apply(item);      // {"n":1,"tags":[]}: [{"op":"replace","path":"","value":{"n":1,"tags":[]}}]
///     diff.apply(item);      // {"n":2,"tags":[]}: [{"op":"replace","path":"/n","value":2}]
///
/// What is written is compared, so that numbers keep their digits, and 1 differs from 1.0; blanks and the
/// order of members do not count. Of a member that stands in its object twice the last counts. Keeps the
/// text of one item and what it consists of: some 50 bytes a value. For one thread at a time.
class JsonDiff {
 public:
  /// The item's payload becomes the patch that leads to it from the one before, which the item borrows from
  /// here until the next call. False, and the item stays as it is, if they are the same. The patch is the
  /// whole item where nothing came before, and where that is shorter. An item of text is a string, one of
  /// bytes a string in Base64. Throws Failure(internal) for an item whose JSON is none, or is nested deeper
  /// than `max_json_depth`.
  bool apply(Item& item);
  /// The next item is given whole.
  void forget() noexcept { known_ = false; }

 private:
  enum class Kind : unsigned char { scalar, array, object };
  struct Node {
    std::string_view raw = {};
    std::string_view name = {};  ///< of a member, without escapes
    std::uint32_t next = 0;      ///< behind it and all that is in it
    Kind kind = Kind::scalar;
  };
  /// A text, and all values in it in the order in which they begin.
  struct Document {
    Buffer text;
    std::vector<Node> nodes;
    std::deque<std::string> names;  ///< those that were written with escapes
  };
  class Reader;
  class Comparison;

  std::array<Document, 2> documents_;
  unsigned newest_ = 0;
  bool known_ = false;
  Buffer read_;
  Buffer patch_;
};

}  // namespace coyield::generators
