#include <coyield/generators/sources/record_buffer.hpp>

#include <algorithm>
#include <cassert>
#include <coyield/config/units.hpp>
#include <coyield/generators/failure.hpp>
#include <cstring>
#include <string>

namespace coyield::generators {

void RecordBuffer::begin(std::uint64_t offset, std::string_view before) {
  assert(before.size() <= history && before.size() <= offset);
  if (memory_ == nullptr) move_to(history);
  if (!before.empty()) std::memmove(memory_.get(), before.data(), before.size());
  begin_ = searched_ = filled_ = record_begin_ = before.size();
  offset_ = offset - before.size();
  number_ = 0;
  counted_ = offset == 0;
  ended_ = false;
  again_ = Again::useless;
}

std::span<char> RecordBuffer::room() {
  // The beginning of a record whose end is still to come moves to the front, behind a little of what it
  // follows.
  const std::size_t from = begin_ < history ? 0 : begin_ - history;
  if (from != 0) std::memmove(memory_.get(), memory_.get() + from, filled_ - from);
  offset_ += from;
  begin_ -= from;
  searched_ -= from;
  filled_ -= from;
  record_begin_ = begin_;
  if (filled_ == capacity_) {
    grow();
  } else if (capacity_ < wanted_ + history) {  // not a read of a few bytes
    move_to(wanted_ + history);
  }
  return {memory_.get() + filled_, capacity_ - filled_};
}

bool RecordBuffer::take_rest(std::string_view& record) {
  searched_ = filled_;
  if (!ended_ || begin_ == filled_) return false;
  record = take(filled_, filled_);
  return true;
}

void RecordBuffer::shrink() {
  if (begin_ != filled_ || capacity_ <= history) return;
  room();  // what is left is the history
  move_to(history);
}

void RecordBuffer::grow() {
  const std::size_t limit = std::max(block, max_record_ + 2) + history;  // with CR LF
  if (capacity_ == limit) throw_too_long();
  move_to(std::clamp(2 * capacity_, wanted_ + history, limit));
}

void RecordBuffer::move_to(std::size_t capacity) {
  std::unique_ptr<char[]> memory(new char[capacity + padding]);
  if (filled_ != 0) std::memcpy(memory.get(), memory_.get(), filled_);
  std::memset(memory.get() + capacity, 0, padding);
  memory_ = std::move(memory);
  capacity_ = capacity;
}

std::string RecordBuffer::name(std::uint64_t line) const {
  const std::string byte = std::to_string(offset());
  if (counted_) return "line " + std::to_string(line) + " (at byte " + byte + ")";
  return std::string("the ") + record_ + " at byte " + byte;
}

void RecordBuffer::throw_too_long() const {
  throw Failure(FailureKind::upstream,
                std::string("the ") + record_ + " at byte " + std::to_string(offset()) + " is longer than " +
                    config::format_size({max_record_}),
                again_);
}

}  // namespace coyield::generators
