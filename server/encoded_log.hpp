#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/shared_log.hpp>
#include <coyield/handlers/response.hpp>
#include <cstdint>
#include <deque>

namespace coyield::server {

/// What the newest items of a log are in one format, so that they are encoded once for all who read them.
///
/// They stand in blocks: all that was there when the first of the subscribers came for them. Whoever stands
/// at the beginning of a block gets it whole, and so stands at the beginning of the next. It is no more than
/// a memory: who finds nothing here encodes the items of the log for itself. For one thread.
class EncodedLog {
 public:
  struct Block {
    std::uint64_t first = 0;  ///< offset of its first item
    std::uint64_t items = 0;
    generators::Buffer bytes;

    std::uint64_t end() const noexcept { return first + items; }
  };

  /// The block that begins with the item at `offset`, or null.
  const Block* find(std::uint64_t offset) const noexcept {
    if (blocks_.empty() || offset > blocks_.back().first) return nullptr;
    if (blocks_.back().first == offset) return &blocks_.back();
    return find_older(offset);
  }

  /// Makes one of the items of `log` from `offset` on, if none of them is in a block already. `encode(item,
  /// out)` throws for an item that cannot be said or is too long: the block ends in front of it. Null where
  /// it would be empty.
  template <class Encode>
  const Block* make(generators::SharedLog& log, std::uint64_t offset, Encode encode) {
    const bool known = !blocks_.empty() && offset < blocks_.back().end();
    if (known || offset == log.log().end()) return nullptr;
    forget_read(log.needed());  // looks at all subscribers: once a block, not once for each of them
    Block block{.first = offset, .bytes = {}};
    generators::LogIds ids(log);
    const generators::ItemLog& items = log.log();
    while (block.end() < items.end() && block.bytes.size() < block_bytes) {
      const std::size_t before = block.bytes.size();
      const generators::Item item = log.item_of(*items.at(block.end()), block.end(), ids);
      if (generators::is_gap(item)) break;
      try {
        encode(item, block.bytes);
      } catch (const generators::Failure&) {
        block.bytes.resize(before);
        break;
      }
      ++block.items;
    }
    if (block.items == 0) return nullptr;
    bytes_ += block.bytes.size();
    return &blocks_.emplace_back(std::move(block));
  }

 private:
  static constexpr std::size_t block_bytes = 64UL * 1024;  // a batch, which is sent from here
  static constexpr std::size_t most_bytes = 1024UL * 1024;

  const Block* find_older(std::uint64_t offset) const noexcept;
  /// Drops what all have read, and what is too much.
  void forget_read(std::uint64_t needed) noexcept;

  std::deque<Block> blocks_;
  std::size_t bytes_ = 0;
};

}  // namespace coyield::server
