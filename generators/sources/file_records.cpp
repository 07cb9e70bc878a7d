#include <coyield/generators/sources/file_records.hpp>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/json_line.hpp>

namespace coyield::generators {

bool JsonLines::next(std::string_view& line) {
  while (LineBuffer::next(line)) {
    const JsonLine what = json_line(line, offset());
    if (what == JsonLine::json) return true;
    if (what != JsonLine::blank) {
      throw Failure(FailureKind::upstream, name(number()) + ' ' + complaint_about(what), Again::useless);
    }
  }
  return false;
}

bool ByteBlocks::next(std::string_view& bytes) {
  if (next_begin() == filled()) return false;
  const std::size_t end = next_begin() + std::min(max_, filled() - next_begin());
  bytes = take(end, end);
  return true;
}

}  // namespace coyield::generators
