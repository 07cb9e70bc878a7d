#pragma once

#include <coyield/generators/sources/record_buffer.hpp>
#include <coyield/generators/task.hpp>
#include <span>

namespace coyield::generators {

/// Waits until `input` has more bytes, and puts them into `records`, or ends them at its end. While it waits,
/// `records` holds no buffer but for half a record.
///
/// `Input` has `read_now(room)`, which gives how many bytes it has put there, 0 at the end, and nothing where
/// there is nothing yet; and `more()`, to be awaited until there is.
template <class Input>
Task<void> fill(Input& input, RecordBuffer& records) {
  for (;;) {
    const std::span<char> room = records.room();
    const auto n = input.read_now(room);
    if (n == 0) co_return records.end();
    if (n) co_return records.commit(*n);
    records.shrink();
    co_await input.more();
  }
}

}  // namespace coyield::generators
