#pragma once

#include <coyield/generators/operators/streams.hpp>
#include <utility>
#include <vector>

namespace coyield::generators {

/// Gives all items of the first stream, then those of the second, and so on.
///
/// A stream starts when the one before has ended, and is destroyed when it ends. When one throws, so does
/// this, and the rest never start. Owns the streams. Destroying it cancels the one that runs.
///
///     auto all = concat(history(), live());
template <class T>
AsyncGenerator<T> concat(std::vector<AsyncGenerator<T>> streams) {
  for (AsyncGenerator<T>& stream : streams) {
    while (auto item = co_await stream.next()) co_yield static_cast<T&&>(*item);
  }
}

template <class First, class... Rest>
auto concat(First first, Rest... rest) -> AsyncGenerator<detail::ItemOf<First>> {
  return concat(detail::in_a_vector(std::move(first), std::move(rest)...));
}

}  // namespace coyield::generators
