#pragma once

#include <coyield/generators/sources/file_follower.hpp>
#include <coyield/generators/sources/file_position.hpp>
#include <coyield/generators/sources/file_reader.hpp>
#include <coyield/generators/sources/gzip_inflater.hpp>
#include <coyield/generators/sources/open_file.hpp>
#include <coyield/generators/task.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace coyield::generators {

class BlockingPool;

/// Where in a file to start.
struct FileStart {
  enum class From { begin, end } from = From::begin;
  std::uint64_t offset = 0;  ///< in bytes, behind the beginning
};

/// What a client asks of a file.
struct FileRequest {
  FileName name;
  FileStart start = {};
  bool follow = false;
  bool decompress = true;         ///< a file that begins as gzip does
  std::string resume_after = {};  ///< an id, instead of `start`; empty: none
};

/// The bytes of a file, one piece after the other: of one file, or, where it is followed, of all that come
/// under its name. A piece is what can be read without a break in it.
///
///     FileInput input(loop, pool, request);
///     co_await input.open();
///     do {
///       if (input.gap()) ...                            // something is missing in front of this piece
///       do {
///         while (std::size_t n = co_await input.read(room)) ...
///       } while (co_await input.more());
///     } while (co_await input.next_piece(offset, before));
///
/// Throws a `Failure`: as `open_regular_file`; invalid for a start behind the end, for an id that is none,
/// and where a compressed file is to be followed or started elsewhere than at its beginning; conflict where
/// one is to be resumed; upstream for a damaged one, and for a file that becomes shorter while it is read
/// (and not followed).
///
/// Belongs to the generator that awaits it, and must not be moved. `pool` must outlive it.
class FileInput {
 public:
  FileInput(Loop& loop, BlockingPool& pool, FileRequest request);

  Task<void> open();
  /// 0 where there is nothing at the moment.
  Task<std::size_t> read(std::span<char> into);
  /// Whether there may be more of the piece, which it waits for where the file is followed. False at its end.
  Task<bool> more();
  /// Goes on with what comes after the piece: false where that is nothing. `offset` is the place behind the
  /// last item that was given, `before` the bytes in front of it.
  Task<bool> next_piece(std::uint64_t offset, std::string_view before);

  /// Where the piece begins, and up to `FilePosition::history` bytes in front of that.
  std::uint64_t offset() const noexcept { return begin_; }
  std::string_view before() const noexcept { return before_; }
  /// The piece begins within an item, whose beginning nobody will see.
  bool begins_within() const noexcept { return begins_within_; }
  /// Whether items are missing in front of the piece, and behind which id; empty where that is not known.
  bool gap() const noexcept { return gap_; }
  const std::string& gap_from() const noexcept { return gap_from_; }
  /// The piece broke off: what was read of it and is no whole item is not one.
  bool broken_off() const noexcept { return cut_; }

  /// For reading the beginning of the file first: the piece begins there, until `back`.
  void rewind() noexcept;
  void back() noexcept;

  /// The id of the place where the first piece begins; empty where it has none.
  std::string start_id();
  /// The id of a place in the piece; none where it has none, in a compressed file.
  std::optional<FilePosition> position(std::uint64_t offset, std::string_view before) noexcept;

 private:
  struct Place;
  Place place_at(RegularFile file, std::uint64_t offset) const;
  Place find_start(RegularFile file) const;
  Task<void> resume();
  Task<void> open_new();
  Task<void> start_at(RegularFile file, std::uint64_t offset);
  Task<void> start(Place place);
  void check_compressed();
  Task<std::size_t> read_followed(std::span<char> into);
  Task<std::size_t> read_compressed(std::span<char> into);
  Task<void> go_on_behind_cut(std::uint64_t offset, std::string_view before, bool within);
  void miss(std::string from);
  void check_end() const;

  Loop& loop_;
  BlockingPool& pool_;
  const FileRequest request_;
  FileReader reader_;
  std::optional<FileFollower> follower_;
  std::unique_ptr<GzipInflater> inflater_;
  std::unique_ptr<char[]> compressed_;
  FileHead head_;
  std::uint64_t begin_ = 0;
  std::string before_;
  bool begins_within_ = false;
  bool gap_ = false;
  std::string gap_from_;
  bool cut_ = false;
};

/// The id as items have it.
std::string to_text(const FilePosition& position);

}  // namespace coyield::generators
