#pragma once

#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/sources/record_buffer.hpp>
#include <coyield/generators/task.hpp>
#include <span>
#include <string_view>

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

/// The items that `records` cuts out of the bytes of `input`, to its end. `Input` may be a reference, to what
/// outlives the stream. All have the event name `event`, which has to be there for as long.
template <class Input, class Records>
AsyncGenerator<Item> records_of(Input input, Records records, std::string_view event = {}) {
  while (!records.ended()) {
    co_await fill(input, records);
    std::string_view record;
    while (records.next(record)) {
      Item item;
      item.set(Records::kind, record);
      item.set_event(event);
      co_yield std::move(item);
    }
  }
}

}  // namespace coyield::generators
