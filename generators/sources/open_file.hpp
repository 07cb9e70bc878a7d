#pragma once

#include <coyield/generators/file_descriptor.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace coyield::generators {

/// Which file somebody wants.
struct FileName {
  std::string path;
  /// A directory that `path` starts from and cannot leave, by no `..`, no symbolic link and no leading slash.
  std::optional<std::string> root = {};
  /// The path came from the client, who may read it in a message. Otherwise no message names it.
  bool chosen_by_client = false;

  /// `"a.txt"`, or `the file of this endpoint`.
  std::string for_client() const;
};

struct RegularFile {
  FileDescriptor descriptor = {};
  std::uint64_t size = 0;  ///< when it was opened
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t modified = 0;  ///< when it was last written to before it was opened, in nanoseconds since 1970

  bool same_as(const RegularFile& other) const noexcept {
    return inode == other.inode && device == other.device;
  }
};

/// Opens a regular file for reading it from its beginning to its end. Blocks: to be run in a `BlockingPool`.
///
/// Throws a `Failure` whose message the client may read: not_found, forbidden (no permission, or outside of
/// the root), invalid (a directory, a device, a FIFO, which is not waited for), unavailable (no descriptors
/// left), internal (there is no such root).
RegularFile open_regular_file(const FileName& name);

/// The same, though with nothing where there is no such file.
std::optional<RegularFile> open_if_there(const FileName& name);

/// Opens the directory in which the name stands, for looking at it and for `open_in`.
FileDescriptor open_directory_of(const FileName& name);

/// Opens a file of a directory by its name alone, and follows no link; nothing where that is not a regular
/// file that may be read.
std::optional<RegularFile> open_in(const FileDescriptor& directory, const std::string& name);

}  // namespace coyield::generators
