#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/line_buffer.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "fuzz.hpp"

// The first byte says in what pieces a file arrives, the second how long a line may be; the rest is the file.
// The lines are those that a plain loop finds, up to the first that is too long.

namespace {

using namespace coyield;
using fuzz::require;

struct Lines {
  std::vector<std::string> lines;
  bool too_long = false;

  bool operator==(const Lines&) const = default;
};

Lines plain(std::string_view text, std::size_t max_line) {
  Lines all;
  while (!text.empty()) {
    std::string_view line = fuzz::take(text, text.find('\n'));
    // A CR at the end of the file has no LF behind it.
    if (!text.empty() && line.ends_with('\r')) line.remove_suffix(1);
    fuzz::take(text, 1);
    if (line.size() > max_line) {
      all.too_long = true;
      return all;
    }
    all.lines.emplace_back(line);
  }
  return all;
}

Lines buffered(std::string_view text, std::size_t max_line, std::size_t piece) {
  generators::LineBuffer buffer(0, max_line);
  Lines all;
  try {
    while (!buffer.ended()) {
      const std::span<char> room = buffer.room();
      const std::string_view read = fuzz::take(text, std::min(room.size(), piece));
      if (!read.empty()) std::memcpy(room.data(), read.data(), read.size());
      if (read.empty()) buffer.end();
      buffer.commit(read.size());
      for (std::string_view line; buffer.next(line);) all.lines.emplace_back(line);
    }
    require(buffer.unread().empty(), "nothing is left at the end");
  } catch (const generators::Failure&) {
    all.too_long = true;
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::as_text(data, size);
  const std::size_t piece = 1 + fuzz::take_byte(text);
  const std::size_t max_line = 1 + fuzz::take_byte(text);
  require(buffered(text, max_line, piece) == plain(text, max_line), "the lines are those of a plain loop");
  return 0;
}
