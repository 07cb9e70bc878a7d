#pragma once

#include <coyield/generators/sources/open_file.hpp>
#include <coyield/generators/task.hpp>
#include <cstdint>
#include <span>

namespace coyield::generators {

class BlockingPool;

/// Reads a file from front to back without blocking the loop: what is in the page cache on the spot, the rest
/// on a thread of a pool.
///
///     FileReader reader(pool, name);
///     co_await reader.open({});
///     std::size_t n = co_await reader.read(block);    // 0: the end
///
/// Belongs to the generator that awaits it: it must stay where it is while it reads, and so must `into`. The
/// pool must outlive it. Cancelling ends a wait for the pool, at the latest when the read under way has
/// returned.
class FileReader {
 public:
  FileReader(BlockingPool& pool, FileName name) : pool_(pool), name_(std::move(name)) {}

  /// Where in a file to start.
  struct Start {
    enum class From { begin, end } from = From::begin;
    std::uint64_t offset = 0;  ///< in bytes, behind the beginning
  };

  /// Throws as `open_regular_file`, and `invalid` where the start lies behind the end.
  Task<void> open(Start start);

  /// Reads some bytes; 0 at the end only. Throws `upstream` when the file cannot be read, and when it has
  /// become shorter: its end is no end then.
  Task<std::size_t> read(std::span<char> into);

  /// Of the byte that is read next.
  std::uint64_t offset() const noexcept { return offset_; }

 private:
  void start_at(Start start);
  std::ptrdiff_t read_cached(std::span<char> into) noexcept;
  std::size_t read_blocking(std::span<char> into) const;
  void check_end() const;

  BlockingPool& pool_;
  FileName name_;
  RegularFile file_;
  std::uint64_t offset_ = 0;
  bool try_cache_ = true;
};

}  // namespace coyield::generators
