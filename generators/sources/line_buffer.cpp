#include <coyield/generators/sources/line_buffer.hpp>

#include <algorithm>
#include <coyield/config/units.hpp>
#include <coyield/generators/failure.hpp>
#include <cstring>
#include <string>

namespace coyield::generators {

std::span<char> LineBuffer::room() {
  // The beginning of a line whose end is still to come moves to the front.
  const std::size_t kept = filled_ - begin_;
  if (begin_ != 0 && kept != 0) std::memmove(memory_.get(), memory_.get() + begin_, kept);
  offset_ += begin_;
  searched_ -= begin_;
  filled_ = kept;
  begin_ = line_begin_ = 0;
  if (filled_ == capacity_) grow();
  return {memory_.get() + filled_, capacity_ - filled_};
}

bool LineBuffer::next(std::string_view& line) {
  const char* from = memory_.get() + searched_;
  const auto* found =
      searched_ == filled_ ? nullptr : static_cast<const char*>(std::memchr(from, '\n', filled_ - searched_));
  if (found == nullptr) [[unlikely]]
    return rest(line);
  const auto end = static_cast<std::size_t>(found - memory_.get());
  const bool cr = end != begin_ && memory_[end - 1] == '\r';
  line = take(end - (cr ? 1 : 0), end + 1);
  return true;
}

bool LineBuffer::rest(std::string_view& line) {
  searched_ = filled_;
  if (!ended_ || begin_ == filled_) return false;
  line = take(filled_, filled_);
  return true;
}

std::string_view LineBuffer::take(std::size_t end, std::size_t next_begin) {
  const std::string_view line(memory_.get() + begin_, end - begin_);
  line_begin_ = begin_;
  ++number_;
  begin_ = searched_ = next_begin;
  if (line.size() > max_line_) [[unlikely]]
    throw_too_long();
  return line;
}

void LineBuffer::grow() {
  const std::size_t limit = std::max(block, max_line_ + 2);  // with CR LF
  if (capacity_ == limit) throw_too_long();
  const std::size_t capacity = capacity_ == 0 ? block : std::min(2 * capacity_, limit);
  std::unique_ptr<char[]> memory(new char[capacity + padding]);
  if (filled_ != 0) std::memcpy(memory.get(), memory_.get(), filled_);
  std::memset(memory.get() + capacity, 0, padding);
  memory_ = std::move(memory);
  capacity_ = capacity;
}

void LineBuffer::throw_too_long() const {
  throw Failure(FailureKind::upstream, "the line at byte " + std::to_string(offset()) + " is longer than " +
                                           config::format_size({max_line_}));
}

}  // namespace coyield::generators
