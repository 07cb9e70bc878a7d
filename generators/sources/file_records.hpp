#pragma once

#include <coyield/generators/item.hpp>
#include <coyield/generators/sources/line_buffer.hpp>
#include <cstddef>
#include <string_view>

namespace coyield::generators {

// How a file is cut into items: each of these is a `RecordBuffer` whose `next` gives the payload of an item.
// `kind` is what that is, `is_whole` whether half an item is none. `CsvRows` is the one that is not here.

/// Its lines as text.
class TextLines : public LineBuffer {
 public:
  static constexpr PayloadKind kind = PayloadKind::text;
  static constexpr bool is_whole = true;
  using LineBuffer::LineBuffer;
};

/// Its lines as JSON; those with nothing but blanks are passed over, and so is a byte order mark at
/// the beginning. `next` throws a permanent
/// `Failure(upstream)` for one that is not JSON, or nested too deep.
class JsonLines : public LineBuffer {
 public:
  static constexpr PayloadKind kind = PayloadKind::json;
  static constexpr bool is_whole = true;
  using LineBuffer::LineBuffer;

  bool next(std::string_view& line);
};

/// How much `ByteBlocks` give at a time.
enum class BlockSize : unsigned char {
  even,     ///< up to 64 KiB: read again behind any of them, the rest is cut at the same places
  growing,  ///< up to 240 KiB where they come faster than they are read: less reading, sending and waking
};

/// Whatever bytes have come together. An item that is written in base64 still fits where `max_item` is that
/// of the server.
class ByteBlocks : public RecordBuffer {
 public:
  static constexpr PayloadKind kind = PayloadKind::bytes;
  static constexpr bool is_whole = false;
  explicit ByteBlocks(std::size_t max_item, BlockSize size = BlockSize::even) noexcept
      : RecordBuffer("block", max_item, 0, widest_of(max_item, size)), max_(max_item) {}

  bool next(std::string_view& bytes);

 private:
  static std::size_t widest_of(std::size_t max_item, BlockSize size) noexcept {
    return size == BlockSize::growing && max_item >= 2 * wide_block ? wide_block : block;
  }
  std::size_t max_;
};

}  // namespace coyield::generators
