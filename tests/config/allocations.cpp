// In a file of its own, because g++ 12 takes an inlined `free` for a mismatch with the `new` that it cannot
// see.
#include "allocations.hpp"

#include <cstdlib>
#include <new>

// ThreadSanitizer has operators of its own, and two of each cannot be linked: nothing is counted there.
#if defined(__SANITIZE_THREAD__)
#define COYIELD_COUNT_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define COYIELD_COUNT_ALLOCATIONS 0
#endif
#endif

namespace {
thread_local std::size_t count = 0;
}

std::size_t coyield::config::allocations() { return count; }

#ifndef COYIELD_COUNT_ALLOCATIONS
void* operator new(std::size_t size) {
  ++count;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif
