#pragma once

#include <coyield/generators/sources/open_file.hpp>
#include <coyield/generators/task.hpp>
#include <cstdint>
#include <span>

namespace coyield::generators {

class BlockingPool;

/// Reads an open file from some place on without blocking the loop: what is in the page cache on the spot,
/// the rest on a thread of a pool.
///
///     FileReader reader(pool, name);
///     reader.start(std::move(file), offset);
///     std::size_t n = co_await reader.read(block);    // 0: the end
///
/// Belongs to the generator that awaits it: it must stay where it is while it reads, and so must `into`. The
/// pool must outlive it. Cancelling ends a wait for the pool, at the latest when the read under way has
/// returned.
class FileReader {
 public:
  /// `name` is for messages.
  FileReader(BlockingPool& pool, const FileName& name) : pool_(pool), name_(name) {}

  void start(RegularFile file, std::uint64_t offset) noexcept;
  void seek(std::uint64_t offset) noexcept { offset_ = offset; }

  /// Reads some bytes; 0 where there are no more at the moment. Throws `upstream` when it cannot be read.
  Task<std::size_t> read(std::span<char> into);

  const RegularFile& file() const noexcept { return file_; }
  int descriptor() const noexcept { return file_.descriptor.get(); }
  /// Of the byte that is read next.
  std::uint64_t offset() const noexcept { return offset_; }
  /// How long the file is by now.
  std::uint64_t size() const noexcept;

 private:
  std::ptrdiff_t read_cached(std::span<char> into) noexcept;
  std::size_t read_blocking(std::span<char> into) const;

  BlockingPool& pool_;
  const FileName& name_;
  RegularFile file_;
  std::uint64_t offset_ = 0;
  bool try_cache_ = true;
};

}  // namespace coyield::generators
