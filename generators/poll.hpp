#pragma once

namespace coyield::generators {

/// What a generator has to offer without waiting.
enum class Poll : unsigned char {
  pending,  ///< nothing yet; it waits for something
  item,     ///< an item
  done,     ///< it has returned or thrown, and is at its end
};

}  // namespace coyield::generators
