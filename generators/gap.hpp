#pragma once

#include <coyield/generators/failure.hpp>
#include <coyield/generators/item.hpp>
#include <string>

namespace coyield::generators {

/// Ends the stream at a gap that cannot be passed on: what formats and operators do that have no way to say
/// that items are missing, since nobody may take the rest for the whole.
[[noreturn]] inline void refuse_gap(const Item& gap) {
  throw Failure(FailureKind::unavailable,
                "items are missing here, which cannot be said in this form: " + std::string(gap.payload()));
}

}  // namespace coyield::generators
