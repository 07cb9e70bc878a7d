#pragma once

#include <coyield/generators/item.hpp>
#include <type_traits>
#include <utility>

namespace coyield::generators {

/// Makes something that outlives the next `next()` of an item that a generator has handed over: what
/// operators use that hold items back (`throttle`, `batch`), and the test kit.
///
/// It moves an rvalue and copies the rest. A type of yours that borrows what it points at needs an overload
/// of its own, beside the type, where it is found by argument-dependent lookup:
///
///     Row keep(Row&& row) { return row.copied(); }
template <class T>
std::remove_cvref_t<T> keep(T&& item) {
  return std::forward<T>(item);
}
inline Item keep(Item&& item) { return item.own(); }
inline Item keep(Item& item) { return item.own(); }
inline Item keep(const Item& item) { return item.own(); }

}  // namespace coyield::generators
