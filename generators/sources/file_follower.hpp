#pragma once

#include <coyield/generators/event.hpp>
#include <coyield/generators/sources/file_position.hpp>
#include <coyield/generators/sources/file_reader.hpp>
#include <coyield/generators/sources/file_watcher.hpp>
#include <coyield/generators/sources/open_file.hpp>
#include <coyield/generators/task.hpp>
#include <optional>
#include <span>

namespace coyield::generators {

class BlockingPool;

/// Waits for what happens to a file that is followed: it grows, another one comes in its place, it is cut.
///
///     FileFollower follower(loop, pool, name);
///     co_await follower.begin();                       // before the file is opened: nothing is missed
///     co_await follower.watch(reader.file());
///     switch (co_await follower.news(reader)) ...      // whenever there is nothing more to read
///
/// Belongs to the generator that awaits it, and must not be moved. What happens between two calls is not
/// lost.
class FileFollower {
 public:
  FileFollower(Loop& loop, BlockingPool& pool, const FileName& name);

  /// From now on the name is watched. Throws where its directory cannot be.
  Task<void> begin();
  /// The file of the name. Waits for it where there is none yet.
  Task<RegularFile> file();
  /// From now on this file is watched.
  Task<void> watch(const RegularFile& file);

  enum class News {
    more,       ///< there may be more to read
    successor,  ///< the file is over: what it was written before its successor has been read
    cut,        ///< it was cut, or written anew: what has been read is no longer in it
  };
  Task<News> news(const FileReader& reader);
  /// After `News::successor`.
  RegularFile take_successor() noexcept;

  /// What has been read last, for telling whether it is still there.
  void remember(std::span<const char> bytes) noexcept;
  void remember_only(std::string_view bytes) noexcept;
  /// Whether the file still has in front of `offset` what was remembered.
  bool intact(const FileReader& reader, std::uint64_t offset) const noexcept;

 private:
  Task<void> look_for_successor(const FileReader& reader);
  bool successor_has_content() const noexcept;

  BlockingPool& pool_;
  const FileName& name_;
  Event changed_;
  FileWatch names_;    // the directory of the name
  FileWatch home_;     // the directory in which the file really stands, where the name is a link
  FileWatch content_;  // the file that is read
  FileWatch next_;     // its successor
  std::optional<RegularFile> successor_;
  bool final_read_ = false;  // its successor had content before the last read began
  char tail_[FilePosition::history];
  std::size_t tail_size_ = 0;
};

}  // namespace coyield::generators
