#pragma once

#include <coyield/generators/operators/inputs.hpp>
#include <coyield/generators/operators/streams.hpp>
#include <coyield/generators/sleep.hpp>
#include <utility>
#include <vector>

namespace coyield::generators {

/// Gives the items of all `streams` in the order in which they come.
///
/// All run at once, each at most one item ahead of the consumer; those that are always ready take turns. Ends
/// when all have ended. When one throws, the others are cancelled and the exception passes on. Owns the
/// streams: each is destroyed when it ends. Destroying the merge cancels all.
///
///     auto both = merge(left(), right());
template <class T>
AsyncGenerator<T> merge(std::vector<AsyncGenerator<T>> streams) {
  Loop& loop = co_await this_loop();
  Event changed;
  detail::Inputs<T> inputs(loop, streams.size(), changed);
  for (AsyncGenerator<T>& stream : streams) inputs.add(std::move(stream));
  while (!inputs.all_ended()) {
    if (!inputs.anything()) {
      co_await changed.wait();
      continue;
    }
    auto item = inputs.front();
    if (!item) continue;
    co_yield static_cast<T&&>(*item);
    inputs.advance();
  }
}

template <class First, class... Rest>
auto merge(First first, Rest... rest) -> AsyncGenerator<detail::ItemOf<First>> {
  return merge(detail::in_a_vector(std::move(first), std::move(rest)...));
}

}  // namespace coyield::generators
