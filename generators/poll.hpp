#pragma once

namespace coyield::generators {

/// What a generator has to offer without waiting.
enum class Poll : unsigned char {
  pending,  ///< nothing yet; it waits for something
  item,     ///< an item
  done,     ///< it has returned or thrown, and is at its end
};

/// What a generator that is `pending` waits for, for whoever wants to show it.
enum class Awaited : unsigned char {
  nothing,    ///< its turn
  timer,      ///< a time
  operation,  ///< an operation of Asio's: input, output, work of another thread
  event,      ///< something else in this process: an event, another generator
};

}  // namespace coyield::generators
