#include <coyield/generators/item_log.hpp>

#include <algorithm>

namespace coyield::generators {

std::uint64_t ItemLog::Entry::bytes() const noexcept {
  const std::size_t payload = item.is_value() ? sizeof(Item) : item.payload().size();
  return payload + item.id().size() + item.event().size();
}

const ItemLog::EntryPtr& ItemLog::append(const Item& item, std::chrono::nanoseconds now) {
  return append(EntryPtr(new Entry(item, bytes_ever_, now)));
}

const ItemLog::EntryPtr& ItemLog::append(EntryPtr entry) {
  bytes_ever_ = entry->bytes_before + entry->bytes();
  return entries_.emplace_back(std::move(entry));
}

std::uint64_t ItemLog::bytes_from(std::uint64_t offset) const {
  return offset >= end() ? 0 : bytes_ever_ - at(offset)->bytes_before;
}

std::uint64_t ItemLog::first_within(const LogLimits& limits, std::chrono::nanoseconds now,
                                    std::uint64_t from) const {
  std::uint64_t offset = std::max(from, first_);
  const auto too_old = [&](std::chrono::nanoseconds at) {
    return limits.age != std::chrono::nanoseconds::max() && now - at > limits.age;
  };
  while (offset < end() &&
         (end() - offset > limits.items || bytes_from(offset) > limits.bytes || too_old(at(offset)->at))) {
    ++offset;
  }
  return offset;
}

void ItemLog::forget_all(std::uint64_t next) noexcept {
  entries_.clear();
  first_ = next;
}

void ItemLog::drop_before(std::uint64_t offset) {
  for (; first_ < offset && !entries_.empty(); ++first_) entries_.pop_front();
}

}  // namespace coyield::generators
