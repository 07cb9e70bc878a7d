#pragma once

#include <coyield/generators/detail/pointer_node.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/json_pointer.hpp>
#include <coyield/generators/json_value.hpp>
#include <cstddef>
#include <span>

namespace coyield::generators {

/// Finds the values at some JSON Pointers in items: all in one pass, without building a tree.
///
///     JsonFinder finder;
///     const std::size_t level = finder.add(*parse_pointer("/level"));
///     std::vector<JsonValue> found(finder.size());
///     finder.find(item, found);
///     if (found[level].is_text("error")) ...
///
/// The values are views of memory that belongs to the thread, valid until its next `find` (of any finder).
/// An item of text, or of bytes, is one plain text, at the pointer "". In a gap there is nothing. Of a member
/// that stands in its object twice the last counts, as in JavaScript and Python.
class JsonFinder {
 public:
  /// The place of the pointer in what `find` gives; that of the same pointer if it was added before.
  std::size_t add(const JsonPointer& pointer);
  std::size_t size() const noexcept { return size_; }

  /// Sets all of `found`, which has `size()` values; those that are not there are missing. Throws
  /// Failure(internal) for an item whose JSON is none, where that is noticed.
  void find(const Item& item, std::span<JsonValue> found) const;

 private:
  detail::PointerNode root_;
  std::size_t size_ = 0;
};

}  // namespace coyield::generators
