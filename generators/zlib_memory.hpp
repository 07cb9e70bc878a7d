#pragma once

#include <cstddef>

namespace coyield::generators {

/// What a context of zlib takes, in bytes, about: the formulas of zconf.h, with its own structures. For the
/// memory budget.
constexpr std::size_t deflate_context_bytes(int window_bits, int memory_level) noexcept {
  constexpr std::size_t structures = 6 * 1024;
  return (std::size_t{4} << window_bits) + (std::size_t{512} << memory_level) + structures;
}
constexpr std::size_t inflate_context_bytes(int window_bits) noexcept {
  constexpr std::size_t structures = 7 * 1024;
  return (std::size_t{1} << window_bits) + structures;
}

}  // namespace coyield::generators
