#include <coyield/generators/utf8.hpp>

#include <simdjson.h>

#include <cstdint>

namespace coyield::generators {

namespace {

/// What may follow the first byte of a character: the second byte's bounds are narrower than 80..BF where the
/// character would be overlong, a surrogate or above U+10FFFF.
struct Continuation {
  std::size_t count;
  unsigned char lowest;
  unsigned char highest;
};

constexpr Continuation none{0, 0, 0};

Continuation continuation_of(unsigned char first) {
  if (first < 0xC2) return none;
  if (first < 0xE0) return {1, 0x80, 0xBF};
  if (first == 0xE0) return {2, 0xA0, 0xBF};
  if (first == 0xED) return {2, 0x80, 0x9F};
  if (first < 0xF0) return {2, 0x80, 0xBF};
  if (first == 0xF0) return {3, 0x90, 0xBF};
  if (first < 0xF4) return {3, 0x80, 0xBF};
  if (first == 0xF4) return {3, 0x80, 0x8F};
  return none;
}

/// One character, or as much of one as there is.
struct Character {
  std::size_t size;
  bool valid;
};

Character character_at(const char* at, const char* end) {
  const auto first = static_cast<unsigned char>(*at);
  if (first < 0x80) return {1, true};
  Continuation next = continuation_of(first);
  if (next.count == 0) return {1, false};
  std::size_t size = 1;
  for (; size <= next.count; ++size) {
    if (at + size == end) return {size, false};
    const auto byte = static_cast<unsigned char>(at[size]);
    if (byte < next.lowest || byte > next.highest) return {size, false};
    next.lowest = 0x80;
    next.highest = 0xBF;
  }
  return {size, true};
}

bool is_ascii(const char* at, std::size_t size) noexcept {
  std::uint64_t all = 0;
  for (; size >= 8; at += 8, size -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    all |= word;
  }
  for (; size != 0; ++at, --size) all |= static_cast<unsigned char>(*at);
  return (all & 0x8080'8080'8080'8080) == 0;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  // Below this the way through simdjson's choice of an implementation costs more than it saves.
  if (text.size() < 256 && is_ascii(text.data(), text.size())) return true;
  return simdjson::validate_utf8(text.data(), text.size());
}

Utf8Run next_utf8_run(std::string_view text) noexcept {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  for (const char* at = begin; at != end;) {
    const Character character = character_at(at, end);
    if (!character.valid) return {text.substr(0, static_cast<std::size_t>(at - begin)), character.size};
    at += character.size;
  }
  return {text, 0};
}

void append_utf8(Buffer& out, std::string_view text) {
  if (is_utf8(text)) [[likely]]
    return out.append(text);
  while (!text.empty()) {
    const Utf8Run run = next_utf8_run(text);
    out.append(run.valid);
    if (run.invalid != 0) out.append(replacement_character);
    text.remove_prefix(run.valid.size() + run.invalid);
  }
}

}  // namespace coyield::generators
