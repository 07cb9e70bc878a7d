#pragma once

#include <coyield/generators/sources/record_buffer.hpp>

namespace coyield::generators {

/// Makes lines of bytes that arrive in blocks. Does no reading itself; see `RecordBuffer`.
///
/// A line ends with LF or CR LF, which are not part of it. What stands behind the last LF is a line too, once
/// `end` was called, unless it is empty.
class LineBuffer : public RecordBuffer {
 public:
  explicit LineBuffer(std::size_t max_line) noexcept : RecordBuffer("line", max_line) {}
  /// `offset` is that of the first byte.
  LineBuffer(std::uint64_t offset, std::size_t max_line) noexcept : RecordBuffer("line", max_line, offset) {}

  bool next(std::string_view& line);
};

}  // namespace coyield::generators
