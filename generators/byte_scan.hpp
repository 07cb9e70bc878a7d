#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace coyield::generators {

/// Sixteen bytes that are looked at together. The compilers make SSE, NEON or plain code of it.
using ByteBlock = unsigned char __attribute__((vector_size(16)));
/// All bits of each byte where a comparison of two blocks holds.
using ByteMask = signed char __attribute__((vector_size(16)));

/// The block at `from`, where sixteen bytes must be readable.
inline ByteBlock load_block(const char* from) noexcept {
  ByteBlock block;
  std::memcpy(&block, from, sizeof block);
  return block;
}

/// The place of the first byte for which the comparison holds, or 16.
inline unsigned first_in(ByteMask mask) noexcept {
  std::uint64_t halves[2];
  std::memcpy(halves, &mask, sizeof halves);
  if constexpr (std::endian::native == std::endian::big) {
    halves[0] = __builtin_bswap64(halves[0]);
    halves[1] = __builtin_bswap64(halves[1]);
  }
  if (halves[0] != 0) return static_cast<unsigned>(std::countr_zero(halves[0])) / 8;
  if (halves[1] != 0) return static_cast<unsigned>(std::countr_zero(halves[1])) / 8 + 8;
  return 16;
}

/// The first place in a text where `wanted` holds, or its end. `wanted` compares a whole block, and never
/// holds for a blank, which fills up the last one.
///
///     find_byte(at, end, [](ByteBlock b) { return (b == '\r') | (b == '\n'); })
template <class Wanted>
const char* find_byte(const char* at, const char* end, Wanted wanted) noexcept {
  for (; end - at >= 16; at += 16) {
    const unsigned place = first_in(wanted(load_block(at)));
    if (place != 16) return at + place;
  }
  char last[16];
  std::memset(last, ' ', sizeof last);
  if (at != end) std::memcpy(last, at, static_cast<std::size_t>(end - at));
  const unsigned place = first_in(wanted(load_block(last)));
  return place == 16 ? end : at + place;
}

}  // namespace coyield::generators
