#pragma once

#include <coyield/generators/async_generator.hpp>
#include <type_traits>
#include <utility>
#include <vector>

/// For operators that take several generators, or functions that make them.
namespace coyield::generators::detail {

template <class T>
std::type_identity<T> item_of(const AsyncGenerator<T>&);

/// The `T` of an `AsyncGenerator<T>`, or of what is derived from one.
template <class Generator>
using ItemOf = typename decltype(item_of(std::declval<Generator>()))::type;

template <class Generator>
concept IsGenerator = requires(const Generator& generator) { item_of(generator); };

template <class First, class... Rest>
auto in_a_vector(First first, Rest... rest) {
  std::vector<AsyncGenerator<ItemOf<First>>> streams;
  streams.reserve(1 + sizeof...(rest));
  streams.push_back(std::move(first));
  (streams.push_back(std::move(rest)), ...);
  return streams;
}

}  // namespace coyield::generators::detail
