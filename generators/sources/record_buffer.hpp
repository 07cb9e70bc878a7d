#pragma once

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/file_position.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace coyield::generators {

/// Where the bytes of a file stand while records (lines, rows) are cut out of them, without copying: a record
/// stands in the block that it came in. What ends a record, those say that are derived from it.
///
///     std::span<char> room = records.room();          // read into it
///     records.commit(n);                              // or records.end(), at the end of the file
///     std::string_view record;
///     while (records.next(record)) ...                // until it needs more
///
/// A record is valid until the next `room`, and 64 bytes behind it may be read.
///
/// It has one block, which is allocated by the first `room`, and grows for a record that does not fit, up to
/// the longest that is allowed; where any block is a record, it grows while reads fill it, up to
/// `wide_block`. A longer one throws `Failure(upstream)` out of `next` or `room`, which is permanent in a
/// file: a stream goes on behind it.
class RecordBuffer {
 public:
  static constexpr std::size_t block = std::size_t{64} * 1024;
  /// A little less than a socket's send buffer that was made for large batches, so that one call sends it.
  static constexpr std::size_t wide_block = std::size_t{240} * 1024;
  /// How many bytes in front of a place are kept, to know the place again by them.
  static constexpr std::size_t history = FilePosition::history;

  /// Starts anew, at `offset` of a file, which has the same bytes again for whoever reads it again; `before`
  /// are the last bytes in front of it, at most `history`.
  void begin(std::uint64_t offset, std::string_view before);

  /// Where the next bytes go; never empty. To be called when `next` has given all records.
  std::span<char> room();
  void commit(std::size_t n) noexcept {
    if (n == capacity_ - filled_) {
      wanted_ = std::min(2 * wanted_, widest_);
    } else if (n < wanted_ / 4) {
      wanted_ = block;
    }
    filled_ += n;
  }
  void end() noexcept { ended_ = true; }
  bool ended() const noexcept { return ended_; }
  /// For a wait that may be long: gives the block back, unless there is half a record in it. The next `room`
  /// has another one.
  void shrink();

  /// Of the record that `next` gave last: the offset of its first byte, and which one it is, from 1.
  std::uint64_t offset() const noexcept { return offset_ + record_begin_; }
  std::uint64_t number() const noexcept { return number_; }
  /// For messages: `line 3 (at byte 16)`, or where it was begun in the middle of a file, and nobody has
  /// counted the lines in front, `the line at byte 16`.
  std::string name(std::uint64_t line) const;
  /// The offset behind it and behind what ends it; where it was begun, before the first one.
  std::uint64_t behind() const noexcept { return offset_ + begin_; }
  /// The last bytes in front of that: `history` of them, or all that there are in the file.
  std::string_view before() const noexcept {
    const std::size_t n = begin_ < history ? begin_ : history;
    return {memory_.get() + (begin_ - n), n};
  }

  /// What no record that `next` gave has a part in.
  std::string_view unread() const noexcept { return {memory_.get() + begin_, filled_ - begin_}; }

  /// The longest piece of a file that it holds at the moment.
  std::size_t capacity() const noexcept { return capacity_ < history ? 0 : capacity_ - history; }

 protected:
  /// `record` is a `line` or a `row`, for messages.
  RecordBuffer(const char* record, std::size_t max_record, std::uint64_t offset = 0,
               std::size_t widest = block) noexcept
      : record_(record), max_record_(max_record), widest_(widest), offset_(offset) {}

  const char* memory() const noexcept { return memory_.get(); }
  std::size_t searched() const noexcept { return searched_; }
  std::size_t filled() const noexcept { return filled_; }
  std::size_t next_begin() const noexcept { return begin_; }
  /// Up to here `next` need not look again.
  void set_searched(std::size_t place) noexcept { searched_ = place; }

  /// The record that ends at `end`; the next one begins at `behind`.
  std::string_view take(std::size_t end, std::size_t behind) {
    const std::string_view record(memory_.get() + begin_, end - begin_);
    record_begin_ = begin_;
    ++number_;
    begin_ = searched_ = behind;
    if (record.size() > max_record_) [[unlikely]]
      throw_too_long();
    return record;
  }
  /// What stands behind the last complete record, once the file has ended.
  bool take_rest(std::string_view& record);

 private:
  static constexpr std::size_t padding = 64;

  void grow();
  void move_to(std::size_t capacity);
  [[noreturn]] void throw_too_long() const;

  const char* record_;
  std::size_t max_record_;
  std::size_t widest_;
  std::size_t wanted_ = block;
  std::uint64_t offset_;  // of memory_[0]
  std::unique_ptr<char[]> memory_;
  std::size_t capacity_ = 0;  // without the padding
  std::size_t begin_ = 0;     // what `next` has not given yet
  std::size_t searched_ = 0;
  std::size_t filled_ = 0;
  std::size_t record_begin_ = 0;
  std::uint64_t number_ = 0;
  bool counted_ = true;  // from the beginning
  bool ended_ = false;
  Again again_ = Again::may_help;
};

}  // namespace coyield::generators
