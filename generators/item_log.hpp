#pragma once

#include <boost/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cassert>
#include <chrono>
#include <coyield/generators/item.hpp>
#include <cstdint>
#include <deque>
#include <limits>

namespace coyield::generators {

/// How far back a log reaches: whichever limit is met first.
struct LogLimits {
  static constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t items = any;
  std::uint64_t bytes = any;  ///< of payloads, ids and event names
  std::chrono::nanoseconds age = std::chrono::nanoseconds::max();
};

/// The newest items of one stream, each at its offset: 0, 1, 2, ... from the first that was ever appended.
///
/// Items are kept once, whoever reads them. An entry that somebody holds stays valid when the log has dropped
/// it. The log itself drops nothing: `first_within` says where it could begin, `drop_before` does it. For one
/// thread.
class ItemLog {
 public:
  /// Logs of other threads may have it too: nothing in it changes.
  struct Entry : boost::intrusive_ref_counter<Entry, boost::thread_safe_counter> {
    Entry(const Item& from, std::uint64_t before, std::chrono::nanoseconds now)
        : item(from.own()), bytes_before(before), at(now) {}
    /// Of payload, id and name of the event.
    std::uint64_t bytes() const noexcept;

    const Item item;
    const std::uint64_t bytes_before;  ///< of all items that were ever in front of it
    const std::chrono::nanoseconds at;
  };
  using EntryPtr = boost::intrusive_ptr<const Entry>;

  /// A copy of the item, at offset `end()`. `now` never goes back.
  const EntryPtr& append(const Item& item, std::chrono::nanoseconds now);
  /// The entry of another log, in front of whose items there were as many.
  const EntryPtr& append(EntryPtr entry);

  /// The offset of the oldest item, and the one behind that of the newest; the same where there is none.
  std::uint64_t first() const noexcept { return first_; }
  std::uint64_t end() const noexcept { return first_ + entries_.size(); }
  const EntryPtr& at(std::uint64_t offset) const {
    assert(offset >= first() && offset < end());
    return entries_[offset - first_];
  }

  /// Of the items from `offset` on.
  std::uint64_t bytes_from(std::uint64_t offset) const;
  std::uint64_t bytes() const { return bytes_from(first_); }
  /// Of all that were ever appended.
  std::uint64_t bytes_ever() const noexcept { return bytes_ever_; }

  /// The lowest offset from which on all is within `limits` at the time `now`; not below `from`. Walks from
  /// there, so whoever remembers the answer for the next time pays once for each item.
  std::uint64_t first_within(const LogLimits& limits, std::chrono::nanoseconds now, std::uint64_t from) const;
  void drop_before(std::uint64_t offset);
  /// Drops all, and goes on at another offset.
  void forget_all(std::uint64_t next) noexcept;

 private:
  std::deque<EntryPtr> entries_;
  std::uint64_t first_ = 0;
  std::uint64_t bytes_ever_ = 0;
};

}  // namespace coyield::generators
