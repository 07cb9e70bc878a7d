#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define COYIELD_POOL_FRAMES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define COYIELD_POOL_FRAMES 0
#endif
#endif
#ifndef COYIELD_POOL_FRAMES
#define COYIELD_POOL_FRAMES 1
#endif

namespace coyield::generators::detail {

/// Recycles coroutine frames and the records at the root of a chain: a stream that starts on a warm thread
/// allocates nothing.
///
/// Free lists by size class, one set per thread, bounded. A frame may be freed on another thread than the one
/// that made it; it joins that thread's list. What is cached when a thread ends is released by a guard that
/// is armed on the slow path, so that the fast path has no thread-local initialisation to check. Off under
/// AddressSanitizer, where recycling would hide a use after free.
class FramePool {
 public:
  static void* allocate(std::size_t size) {
    ++counts_.live;
    if constexpr (COYIELD_POOL_FRAMES != 0) {
      const std::size_t index = (size + granule - 1) / granule;
      if (index < classes) {
        if (Node* node = cache_.head[index]) {
          cache_.head[index] = node->next;
          --cache_.count[index];
          return node;
        }
        return allocate_fresh(index * granule);
      }
    }
    ++counts_.fresh;
    return ::operator new(size);
  }

  static void deallocate(void* memory, std::size_t size) noexcept {
    --counts_.live;
    if constexpr (COYIELD_POOL_FRAMES != 0) {
      const std::size_t index = (size + granule - 1) / granule;
      if (index < classes && cache_.count[index] < max_cached) {
        cache_.head[index] = ::new (memory) Node{cache_.head[index]};
        ++cache_.count[index];
        return;
      }
    }
    ::operator delete(memory);
  }

  /// Frames made and not yet freed, as this thread counts them (they may be freed by another). For tests.
  static std::int64_t live() noexcept { return counts_.live; }
  /// How many frames of this thread came from the heap. For tests and benchmarks.
  static std::uint64_t fresh() noexcept { return counts_.fresh; }

 private:
  static constexpr std::size_t granule = 32;
  static constexpr std::size_t classes = 65;        // up to 2 KiB
  static constexpr std::uint32_t max_cached = 256;  // per class and thread

  struct Node {
    Node* next;
  };
  struct Cache {
    Node* head[classes];
    std::uint32_t count[classes];
  };
  struct Counts {
    std::int64_t live;
    std::uint64_t fresh;
  };
  struct Guard {
    bool armed = false;
    ~Guard() {
      for (std::size_t index = 0; index < classes; ++index) {
        while (Node* node = cache_.head[index]) {
          cache_.head[index] = node->next;
          ::operator delete(node);
        }
        cache_.count[index] = max_cached;  // what this thread frees later goes to the heap
      }
    }
  };

  [[gnu::noinline]] static void* allocate_fresh(std::size_t size) {
    static thread_local Guard guard;
    guard.armed = true;
    ++counts_.fresh;
    return ::operator new(size);
  }

  static inline constinit thread_local Cache cache_{};
  static inline constinit thread_local Counts counts_{};
};

/// Base of whatever is to be allocated from the pool.
struct Pooled {
  static void* operator new(std::size_t size) { return FramePool::allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    FramePool::deallocate(memory, size);
  }
};

}  // namespace coyield::generators::detail
