#pragma once

#include <chrono>
#include <coyield/generators/async_generator.hpp>
#include <coyield/generators/item.hpp>
#include <coyield/generators/operators/keep.hpp>
#include <cstddef>
#include <deque>
#include <limits>
#include <string>

namespace coyield::generators {

/// No limit in bytes to what `buffer` and `delay` hold.
inline constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();
/// No limit in time to how long `batch` and `sort` hold something.
inline constexpr std::chrono::nanoseconds any_time = std::chrono::nanoseconds::max();

/// How many bytes an item takes that is held back. For a type of yours that has memory of its own, write an
/// overload beside the type, where it is found by argument-dependent lookup.
template <class T>
constexpr std::size_t memory_of(const T&) noexcept {
  return sizeof(T);
}
inline std::size_t memory_of(const std::string& text) noexcept { return sizeof(std::string) + text.size(); }
inline std::size_t memory_of(const Item& item) noexcept {
  const std::size_t payload = item.is_value() ? 0 : item.payload().size();
  return sizeof(Item) + payload + item.id().size() + item.event().size();
}

namespace detail {

/// Items that wait for their consumer, in order. It is full with so many items, or so many bytes: with the
/// last item it may exceed the bytes.
template <class T>
class Backlog {
 public:
  using Value = typename AsyncGenerator<T>::value_type;

  Backlog(std::size_t max_items, std::size_t max_bytes) noexcept
      : max_items_(max_items), max_bytes_(max_bytes) {}

  bool empty() const noexcept { return waiting_.empty(); }
  bool full() const noexcept { return waiting_.size() >= max_items_ || bytes_ >= max_bytes_; }
  void push(std::remove_reference_t<T>& item) {
    waiting_.emplace_back(keep(static_cast<T&&>(item)));
    bytes_ += waiting_.back().bytes;
  }
  /// It may be moved from. It stays where it is while others are pushed.
  Value& front() noexcept { return waiting_.front().item; }
  void pop() noexcept {
    bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }

 private:
  struct Waiting {
    explicit Waiting(Value kept) : item(std::move(kept)), bytes(memory_of(item)) {}
    Value item;
    std::size_t bytes;  // what it took when it came
  };

  std::size_t max_items_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::deque<Waiting> waiting_;
};

}  // namespace detail

}  // namespace coyield::generators
