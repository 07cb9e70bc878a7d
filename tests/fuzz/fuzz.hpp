#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// What every fuzzer here is: a function that looks at one input, and says `require` of all that must hold
/// for any. libFuzzer calls it with inputs of its own making, and `replay.cpp` with those of the corpus.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace coyield::fuzz {

inline void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Takes the first `size` bytes off, or all that there is.
inline std::string_view take(std::string_view& input, std::size_t size) {
  const std::string_view taken = input.substr(0, size);
  input.remove_prefix(taken.size());
  return taken;
}

/// A byte to choose by; 0 at the end of the input.
inline unsigned take_byte(std::string_view& input) {
  const std::string_view taken = take(input, 1);
  return taken.empty() ? 0 : static_cast<unsigned char>(taken[0]);
}

}  // namespace coyield::fuzz
