#pragma once

#include <coyield/generators/file_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace coyield::generators {

/// A file in a directory, as it was when somebody looked.
struct ListedFile {
  std::string name;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< in nanoseconds since 1970

  bool operator==(const ListedFile&) const = default;
};
/// In the order of their names, each of which is there once.
using DirectoryListing = std::vector<ListedFile>;

/// Which files are listed.
struct ListedNames {
  std::string pattern = "*";  ///< as for a shell, which finds names with a dot in front by a dot alone
  std::size_t max_files = 100'000;
};

/// Opens a directory for watching and listing it; empty where it is not there. Blocks. Throws a `Failure`:
/// forbidden, invalid (it is no directory), unavailable (no descriptors left), internal.
FileDescriptor open_directory(const std::string& path);

/// The regular files in the directory with such a name, and the links to regular files. Blocks: to be run in
/// a `BlockingPool`.
///
/// While others rename files, the system may leave out one that was there all the time; so those that were
/// `known` are looked for by their names. Throws a `Failure`: unavailable where there are more than
/// `max_files`, upstream where the directory cannot be read.
DirectoryListing list_directory(FileDescriptor directory, const ListedNames& names,
                                const DirectoryListing& known);

enum class FileEvent : unsigned char { present, created, changed, removed };

/// What has happened to a file; it refers to the listing that has the file last.
struct FileDifference {
  FileEvent event;
  const ListedFile* file;
};

/// How `now` differs from `before`: the files that were removed, and then, in the order of their names, those
/// that were created or changed. Both must outlive the result.
std::vector<FileDifference> differences(const DirectoryListing& before, const DirectoryListing& now);

}  // namespace coyield::generators
