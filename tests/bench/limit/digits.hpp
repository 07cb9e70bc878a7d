#pragma once
#include <array>
#include <cstdint>
#include <cstring>

namespace coyield::bench {

/// "00" to "99", one after the other.
inline constexpr std::array<char, 200> digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

inline void write_pair(char* to, std::uint32_t value) { std::memcpy(to, &digit_pairs[2 * value], 2); }

inline char* write_8_digits(char* to, std::uint32_t value) {
  const std::uint32_t high = value / 10'000, low = value % 10'000;
  write_pair(to, high / 100);
  write_pair(to + 2, high % 100);
  write_pair(to + 4, low / 100);
  write_pair(to + 6, low % 100);
  return to + 8;
}

/// A number below 10^8 without leading zeros.
inline char* write_short(char* to, std::uint32_t value) {
  char digits[8];
  write_8_digits(digits, value);
  std::size_t skip = value < 10'000 ? 4 : 0;
  while (skip < 7 && digits[skip] == '0') ++skip;
  std::memcpy(to, digits + skip, 8 - skip);
  return to + (8 - skip);
}

/// Any number, without leading zeros; at most 20 bytes.
inline char* write_number(char* to, std::uint64_t value) {
  constexpr std::uint64_t unit = 100'000'000;
  if (value < unit) return write_short(to, static_cast<std::uint32_t>(value));
  to = write_number(to, value / unit);
  return write_8_digits(to, static_cast<std::uint32_t>(value % unit));
}

inline constexpr std::size_t max_item_bytes = 64;

/// `{"i":I,"ts":TS}`; at most `max_item_bytes`.
inline char* write_item(char* to, std::uint64_t i, std::uint64_t ts) {
  std::memcpy(to, R"({"i":)", 5);
  to = write_number(to + 5, i);
  std::memcpy(to, R"(,"ts":)", 6);
  to = write_number(to + 6, ts);
  *to = '}';
  return to + 1;
}

}  // namespace coyield::bench
