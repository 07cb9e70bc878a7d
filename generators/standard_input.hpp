#pragma once

#include <unistd.h>

#include <atomic>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <coyield/generators/loop.hpp>
#include <coyield/generators/task.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace coyield::generators {

class BlockingPool;

/// The standard input of the process, or another descriptor, which one reader at a time can have. What a
/// reader has taken from the kernel and not used stays here for the next one: between two readers nothing is
/// lost or doubled.
///
/// The descriptor remains the caller's, and as it is: `O_NONBLOCK` would hold for every process that shares
/// it, the shell at the same terminal for one. Readers may be on any thread; it must outlive them.
///
/// Make it early: where the process was started without a standard input, the next file that it opens has
/// that number, and must not be taken for it.
class StandardInput {
 public:
  explicit StandardInput(int descriptor = STDIN_FILENO) noexcept;
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

  class Reader;

 private:
  const int descriptor_;  // -1: there is none
  std::atomic<bool> taken_ = false;
  // What follows belongs to the reader that there is, and to nobody else.
  std::string kept_;            // read already, and to be given first
  std::uint64_t position_ = 0;  // how much has been given
  std::optional<std::uint64_t> file_offset_;
  bool skips_line_ = false;
  bool ended_ = false;
};

/// Reads without blocking the loop: a pipe, a socket and a terminal when they have something, a file on a
/// thread of a pool.
///
///     StandardInput::Reader reader(input, pool, loop.executor());
///     std::size_t n = co_await reader.read(block);    // 0: the end
///
/// It belongs to the generator that awaits it, and must stay where it is. Cancelling ends a wait; nothing
/// that was read is lost by it.
class StandardInput::Reader {
 public:
  /// Throws `Failure(unavailable)` while there is another reader, and where the process has no such
  /// descriptor.
  Reader(StandardInput& input, BlockingPool& pool, const Executor& executor);
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader();

  /// Reads some bytes; 0 at the end, and ever after. Throws `Failure(upstream)` when it cannot be read.
  Task<std::size_t> read(std::span<char> into);

  /// How many bytes have been given, to all readers together.
  std::uint64_t position() const noexcept { return input_.position_; }

  /// Leaves the last bytes that were given to the next reader.
  void give_back(std::string_view unused);
  /// The next reader begins behind the next line feed.
  void skip_line() noexcept { input_.skips_line_ = true; }

 private:
  /// For as long as it lives, nobody else is let in.
  class Turn {
   public:
    explicit Turn(StandardInput& input);
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { input_.taken_.store(false, std::memory_order_release); }

   private:
    StandardInput& input_;
  };

  Task<std::size_t> read_some(std::span<char> into);
  Task<std::size_t> read_file(std::span<char> into);
  void watch();
  std::optional<std::size_t> read_now(std::span<char> into);
  std::optional<std::size_t> read_if_readable(std::span<char> into) const;
  std::size_t take_kept(std::span<char> into) noexcept;
  std::size_t without_skipped_line(std::span<char> given) noexcept;

  StandardInput& input_;
  Turn turn_;
  BlockingPool& pool_;
  asio::posix::stream_descriptor readable_;  // not open for what is always ready: a file
  bool try_nowait_ = true;
};

}  // namespace coyield::generators
