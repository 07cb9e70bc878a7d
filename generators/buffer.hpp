#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace coyield::generators {

/// Bytes that grow at the end: where formats write to. Nothing is initialised, and what was reserved stays.
///
/// `prepare(n)` gives room for at least `n` bytes behind the last; what is written there counts after
/// `commit`. Any growth moves the bytes, so pointers into it last until the next `prepare` or `append`.
class Buffer {
 public:
  Buffer() noexcept = default;
  explicit Buffer(std::size_t capacity) { grow(capacity); }
  Buffer(Buffer&& other) noexcept
      : memory_(std::move(other.memory_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    memory_ = std::move(other.memory_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
  }

  char* data() noexcept { return memory_.get(); }
  const char* data() const noexcept { return memory_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  std::string_view view() const noexcept { return {data(), size_}; }

  char* prepare(std::size_t n) {
    if (capacity_ - size_ < n) [[unlikely]]
      grow(size_ + n);
    return memory_.get() + size_;
  }
  void commit(std::size_t n) noexcept { size_ += n; }
  /// Everything up to `end`, which was written behind a `prepare`.
  void commit_to(const char* end) noexcept { size_ = static_cast<std::size_t>(end - memory_.get()); }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void push_back(char byte) {
    *prepare(1) = byte;
    ++size_;
  }
  /// Cuts it to `size`, which must not be more than it has.
  void resize(std::size_t size) noexcept { size_ = size; }
  void clear() noexcept { size_ = 0; }
  /// Gives the memory back.
  void release() noexcept { *this = Buffer(); }
  /// Drops the first `n` bytes.
  void consume(std::size_t n) noexcept {
    size_ -= n;
    std::memmove(memory_.get(), memory_.get() + n, size_);
  }

 private:
  [[gnu::noinline]] void grow(std::size_t needed) {
    const std::size_t capacity = std::max<std::size_t>({needed, capacity_ + capacity_ / 2, 256});
    std::unique_ptr<char[]> memory(new char[capacity]);
    if (size_ != 0) std::memcpy(memory.get(), memory_.get(), size_);
    memory_ = std::move(memory);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> memory_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace coyield::generators
