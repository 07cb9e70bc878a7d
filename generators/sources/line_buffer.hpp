#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace coyield::generators {

/// Makes lines of bytes that arrive in blocks, without copying them: a line stands in the block that it came
/// in. Does no reading itself.
///
///     LineBuffer lines(offset, max_item);
///     std::span<char> room = lines.room();          // read into it
///     lines.commit(n);                              // or lines.end(), at the end of the file
///     std::string_view line;
///     while (lines.next(line)) ...                  // until it needs more
///
/// A line ends with LF or CR LF, which are not part of it. What stands behind the last LF is a line too,
/// unless it is empty. A line is valid until the next `room`, and 64 bytes behind it may be read.
///
/// It has one block, which is allocated by the first `room`, and grows only for a line that does not fit, up
/// to the longest that is allowed. A longer one throws `Failure(upstream)` out of `next` or `room`.
class LineBuffer {
 public:
  static constexpr std::size_t block = std::size_t{64} * 1024;

  /// `offset` is that of the first byte, for messages.
  LineBuffer(std::uint64_t offset, std::size_t max_line) noexcept : offset_(offset), max_line_(max_line) {}

  /// Where the next bytes go; never empty. To be called when `next` has given all lines.
  std::span<char> room();
  void commit(std::size_t n) noexcept { filled_ += n; }
  void end() noexcept { ended_ = true; }
  bool ended() const noexcept { return ended_; }

  bool next(std::string_view& line);
  /// What no line that `next` gave has a part in.
  std::string_view unread() const noexcept { return {memory_.get() + begin_, filled_ - begin_}; }

  /// Of the line that `next` gave last: the offset of its first byte, and which one it is, from 1.
  std::uint64_t offset() const noexcept { return offset_ + line_begin_; }
  std::uint64_t number() const noexcept { return number_; }

  std::size_t capacity() const noexcept { return capacity_; }

 private:
  static constexpr std::size_t padding = 64;

  bool rest(std::string_view& line);
  std::string_view take(std::size_t end, std::size_t next_begin);
  void grow();
  [[noreturn]] void throw_too_long() const;

  std::uint64_t offset_;  // of memory_[0]
  std::size_t max_line_;
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t begin_ = 0;     // what `next` has not given yet
  std::size_t searched_ = 0;  // up to here there is no LF
  std::size_t filled_ = 0;
  std::size_t line_begin_ = 0;
  std::uint64_t number_ = 0;
  bool ended_ = false;
};

}  // namespace coyield::generators
