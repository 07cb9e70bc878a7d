#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace coyield::generators {

/// Reads up to `into.size()` bytes that stand right in front of `offset`.
std::string_view read_before(int descriptor, std::uint64_t offset, std::span<char> into) noexcept;

/// Which bytes a file begins with. They and its number tell it from another one that has come under its name,
/// or under its number.
class FileHead {
 public:
  static constexpr std::size_t size = 256;

  /// Reads what there is of it, which does not block where it is in the page cache. A file that has not had
  /// them all yet is read again as it grows.
  void read(int descriptor) noexcept;
  bool complete() const noexcept { return filled_ == size; }
  void clear() noexcept { filled_ = 0; }
  std::string_view bytes() const noexcept { return {bytes_, filled_}; }

  /// A checksum of what a file has in front of `offset`: of its head, as far as that goes, and of the bytes
  /// next to it, `before`. None where too little of the head has been read.
  std::optional<std::uint32_t> check(std::uint64_t offset, std::string_view before) const noexcept;

 private:
  std::uint32_t checksum(std::size_t n) const noexcept;

  char bytes_[size];
  std::size_t filled_ = 0;
  std::uint32_t whole_ = 0;  // the checksum of all of it, once it is complete
};

/// A place in a file which can be found again, even when the file was renamed or copied meanwhile: the id of
/// an item is the place behind it.
struct FilePosition {
  std::uint64_t inode = 0;
  std::uint64_t offset = 0;
  std::uint32_t check = 0;  ///< `FileHead::check`
  /// It stands within an item that is not given: the first one behind it is the next.
  bool within = false;

  /// How many bytes in front of it are part of `check`, beside the head of the file.
  static constexpr std::size_t history = 32;
  /// The most characters of its text.
  static constexpr std::size_t max_text = 48;

  bool operator==(const FilePosition&) const = default;
};

/// Writes `2f3a1.5120.8c1d04e7`: the inode, the offset and the checksum, all but the offset in base 16; with
/// a
/// `.w` behind it for one within an item. There must be room for `max_text`. Gives its end.
char* write_position(char* out, const FilePosition& position) noexcept;

/// None where it is not what `write_position` writes.
std::optional<FilePosition> parse_position(std::string_view text) noexcept;

}  // namespace coyield::generators
