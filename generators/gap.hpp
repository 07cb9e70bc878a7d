#pragma once

#include <coyield/generators/failure.hpp>
#include <coyield/generators/item.hpp>
#include <string>

namespace coyield::generators {

/// Whether this is no item, but word of items that are missing in front of the next one. Operators that count
/// or compare pass it on untouched; those that forget items anyway never let it replace one.
template <class T>
constexpr bool is_gap(const T&) noexcept {
  return false;
}
inline bool is_gap(const Item& item) noexcept { return item.kind() == PayloadKind::gap; }

/// Ends the stream at a gap that cannot be passed on: what formats and operators do that have no way to say
/// that items are missing, since nobody may take the rest for the whole.
[[noreturn]] inline void refuse_gap(const Item& gap) {
  throw Failure(FailureKind::gone,
                "items are missing here, which cannot be said in this form: " + std::string(gap.payload()));
}

}  // namespace coyield::generators
