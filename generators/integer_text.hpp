#pragma once

#include <bit>
#include <concepts>
#include <coyield/generators/buffer.hpp>
#include <cstdint>
#include <cstring>

namespace coyield::generators {

/// The most bytes that `write_integer` touches; prepare as many for each number.
inline constexpr std::size_t integer_room = 24;

namespace detail {

/// The eight decimal digits of a number below 10^8, one in each byte and the first in the lowest: all eight
/// are made at once, by three multiplications for the halves, quarters and digits.
constexpr std::uint64_t eight_digits(std::uint32_t number) noexcept {
  const std::uint32_t high = number / 10000;
  const std::uint64_t fours = high | std::uint64_t{number - high * 10000} << 32;
  const std::uint64_t hundreds = (fours * 10486) >> 20 & 0x0000'007F'0000'007F;
  const std::uint64_t twos = hundreds | (fours - hundreds * 100) << 16;
  const std::uint64_t tens = (twos * 103) >> 10 & 0x000F'000F'000F'000F;
  return tens | (twos - tens * 10) << 8;
}

inline void store_digits(char* out, std::uint64_t digits) noexcept {
  digits |= 0x3030'3030'3030'3030;
  if constexpr (std::endian::native == std::endian::big) digits = __builtin_bswap64(digits);
  std::memcpy(out, &digits, sizeof digits);
}

/// Without leading zeros. Writes eight bytes, of which up to the end that it gives count.
inline char* write_below_1e8(char* out, std::uint64_t number) noexcept {
  const std::uint64_t digits = eight_digits(static_cast<std::uint32_t>(number));
  const int leading = std::countr_zero(digits | std::uint64_t{1} << 56) & ~7;  // the last digit stays
  store_digits(out, digits >> leading);
  return out + (64 - leading) / 8;
}

inline char* write_all_eight(char* out, std::uint64_t number) noexcept {
  store_digits(out, eight_digits(static_cast<std::uint32_t>(number)));
  return out + 8;
}

}  // namespace detail

/// Writes a number in decimal behind `out`, where `integer_room` bytes must be free, and gives its end. What
/// lies behind the end within the room is overwritten too.
///
///     char* end = out.prepare(64);
///     end = write_integer(end, tick.number);
///     out.commit_to(end);
inline char* write_integer(char* out, std::uint64_t number) noexcept {
  constexpr std::uint64_t e8 = 100'000'000;
  if (number < e8) return detail::write_below_1e8(out, number);
  const std::uint64_t high = number / e8;
  if (high < e8) {
    out = detail::write_below_1e8(out, high);
  } else {
    const std::uint64_t highest = high / e8;
    out = detail::write_below_1e8(out, highest);
    out = detail::write_all_eight(out, high - highest * e8);
  }
  return detail::write_all_eight(out, number - high * e8);
}

inline char* write_integer(char* out, std::int64_t number) noexcept {
  *out = '-';
  const auto bits = static_cast<std::uint64_t>(number);
  return number < 0 ? write_integer(out + 1, ~bits + 1) : write_integer(out, bits);
}

/// The same at the end of a buffer, for integers of any type.
template <std::integral Integer>
void append_integer(Buffer& out, Integer number) {
  char* room = out.prepare(integer_room);
  if constexpr (std::signed_integral<Integer>) {
    out.commit_to(write_integer(room, static_cast<std::int64_t>(number)));
  } else {
    out.commit_to(write_integer(room, static_cast<std::uint64_t>(number)));
  }
}

}  // namespace coyield::generators
