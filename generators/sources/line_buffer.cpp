#include <coyield/generators/sources/line_buffer.hpp>

#include <cstring>

namespace coyield::generators {

bool LineBuffer::next(std::string_view& line) {
  const char* from = memory() + searched();
  const auto* found = searched() == filled()
                          ? nullptr
                          : static_cast<const char*>(std::memchr(from, '\n', filled() - searched()));
  if (found == nullptr) [[unlikely]]
    return take_rest(line);
  const auto end = static_cast<std::size_t>(found - memory());
  const bool cr = end != next_begin() && memory()[end - 1] == '\r';
  line = take(end - (cr ? 1 : 0), end + 1);
  return true;
}

}  // namespace coyield::generators
