#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace coyield::generators::net::websocket {

/// A masking key as it lies in memory: the bytes in the order of the wire, whatever the machine's byte order.
inline std::uint32_t read_mask_key(const char* wire) {
  std::uint32_t key = 0;
  std::memcpy(&key, wire, sizeof key);
  return key;
}

/// The key for the bytes that follow the first `count` of a payload; lets a payload be unmasked in pieces.
inline std::uint32_t advance_mask(std::uint32_t key, std::size_t count) {
  unsigned char from[4];
  unsigned char to[4];
  std::memcpy(from, &key, sizeof key);
  for (std::size_t i = 0; i < 4; ++i) to[i] = from[(i + count) & 3U];
  std::memcpy(&key, to, sizeof key);
  return key;
}

/// Masks or unmasks `bytes` in place (RFC 6455, section 5.3), eight at a time; both are the same operation.
inline void apply_mask(std::span<char> bytes, std::uint32_t key) {
  const std::uint64_t wide = (std::uint64_t{key} << 32U) | key;
  char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t word = 0;
  for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
    std::memcpy(&word, at, sizeof word);
    word ^= wide;
    std::memcpy(at, &word, sizeof word);
  }
  char tail[sizeof wide];
  std::memcpy(tail, &wide, sizeof wide);
  for (std::size_t i = 0; i < left; ++i) at[i] = static_cast<char>(at[i] ^ tail[i]);
}

}  // namespace coyield::generators::net::websocket
