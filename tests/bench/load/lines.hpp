#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coyield::bench {

/// How many line feeds there are, 16 bytes at a time: the client has to be much cheaper than any server.
std::size_t count_lines(const char* data, std::size_t size);

/// Where the numbers of a stream begin.
enum class Numbers { from_zero, from_anywhere };

/// Looks at every byte of the first 64 KiB of a stream of items: each is `{"i":N,"ts":T}`, N goes up by one,
/// T has 19 digits and does not go back. Throws std::runtime_error with the item that is wrong.
class ItemChecker {
 public:
  static constexpr std::size_t checked_bytes = 64 * 1024;
  explicit ItemChecker(Numbers numbers) : any_first_(numbers == Numbers::from_anywhere) {}

  /// Bytes of a stream of lines, cut anywhere.
  void lines(std::string_view bytes);
  /// Bytes of messages, cut anywhere; `ends` says that a message ends behind them.
  void message(std::string_view bytes, bool ends);
  bool finished() const { return seen_ >= checked_bytes; }
  std::uint64_t first() const { return first_; }

 private:
  void check(std::string_view item);

  std::size_t seen_ = 0;
  std::string partial_;
  bool any_first_;
  std::uint64_t first_ = 0;
  std::uint64_t next_ = 0;
  std::uint64_t last_time_ = 0;
};

/// Looks at the numbers of a stream of items, which go up by one. Throws std::runtime_error where they do
/// not.
class Sequence {
 public:
  void item(std::string_view text);

 private:
  bool any_ = true;
  std::uint64_t next_ = 0;
};

/// The `ts` of an item, in nanoseconds since 1970. Throws std::runtime_error where there is none.
std::uint64_t item_time(std::string_view item);

}  // namespace coyield::bench
