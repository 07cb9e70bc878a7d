#include <coyield/generators/sources/directory_listing.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <coyield/generators/failure.hpp>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

namespace coyield::generators {

namespace {

struct CloseDirectory {
  void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};
using Stream = std::unique_ptr<DIR, CloseDirectory>;

[[noreturn]] void fail_to_open(int error) {
  const std::string directory = "the directory of this endpoint";
  switch (error) {
    case ENOTDIR:
      throw Failure(FailureKind::invalid, directory + " is no directory");
    case EACCES:
    case EPERM:
      throw Failure(FailureKind::forbidden, directory + " may not be read");
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      throw Failure(FailureKind::unavailable, directory + " cannot be opened at the moment");
    default:
      throw Failure(FailureKind::internal, directory + " cannot be opened");
  }
}

[[noreturn]] void fail_to_read() {
  throw Failure(FailureKind::upstream, "the directory of this endpoint cannot be read");
}

/// A file may say that it was written in any year.
std::int64_t in_nanoseconds(const timespec& time) noexcept {
  std::int64_t sum = 0;
  const bool too_far = __builtin_mul_overflow(std::int64_t{time.tv_sec}, std::int64_t{1'000'000'000}, &sum) ||
                       __builtin_add_overflow(sum, std::int64_t{time.tv_nsec}, &sum);
  if (!too_far) return sum;
  return time.tv_sec < 0 ? INT64_MIN : INT64_MAX;
}

/// Nothing where there is none, or no regular one.
std::optional<ListedFile> look_at(int directory, const char* name) {
  struct stat status = {};
  if (::fstatat(directory, name, &status, 0) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return ListedFile{.name = name,
                    .inode = status.st_ino,
                    .size = static_cast<std::uint64_t>(status.st_size),
                    .modified = in_nanoseconds(status.st_mtim)};
}

void sort_by_name(DirectoryListing& files) {
  std::ranges::sort(files, {}, &ListedFile::name);
  const auto twice = std::ranges::unique(files, {}, &ListedFile::name);
  files.erase(twice.begin(), twice.end());
}

/// Those of `files` whose names are not in `others`.
template <class Take>
void for_each_missing(const DirectoryListing& files, const DirectoryListing& others, Take take) {
  auto other = others.begin();
  for (const ListedFile& file : files) {
    while (other != others.end() && other->name < file.name) ++other;
    if (other == others.end() || other->name != file.name) take(file);
  }
}

void add_overlooked(DirectoryListing& files, int directory, const DirectoryListing& known) {
  DirectoryListing overlooked;
  for_each_missing(known, files, [&](const ListedFile& file) {
    if (auto found = look_at(directory, file.name.c_str())) overlooked.push_back(std::move(*found));
  });
  if (overlooked.empty()) return;
  std::ranges::move(overlooked, std::back_inserter(files));
  sort_by_name(files);
}

[[noreturn]] void throw_too_many(std::size_t most) {
  throw Failure(FailureKind::unavailable, "the directory of this endpoint has more than " +
                                              std::to_string(most) + " files: see its max_files");
}

}  // namespace

FileDescriptor open_directory(const std::string& path) {
  FileDescriptor opened(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened && errno != ENOENT) fail_to_open(errno);
  return opened;
}

DirectoryListing list_directory(FileDescriptor directory, const ListedNames& names,
                                const DirectoryListing& known) {
  const Stream stream(::fdopendir(directory.get()));
  if (!stream) fail_to_read();
  const int opened = directory.release();  // the stream's
  DirectoryListing files;
  errno = 0;
  while (const dirent* entry = ::readdir(stream.get())) {
    const bool wanted =
        entry->d_type != DT_DIR && ::fnmatch(names.pattern.c_str(), entry->d_name, FNM_PERIOD) == 0;
    auto file = wanted ? look_at(opened, entry->d_name) : std::nullopt;
    if (file && files.size() == names.max_files) throw_too_many(names.max_files);
    if (file) files.push_back(std::move(*file));
    errno = 0;
  }
  if (errno != 0 && errno != ENOENT) fail_to_read();  // ENOENT: it was removed
  sort_by_name(files);
  add_overlooked(files, opened, known);
  return files;
}

std::vector<FileDifference> differences(const DirectoryListing& before, const DirectoryListing& now) {
  std::vector<FileDifference> all;
  for_each_missing(before, now,
                   [&all](const ListedFile& file) { all.push_back({FileEvent::removed, &file}); });
  auto known = before.begin();
  for (const ListedFile& file : now) {
    while (known != before.end() && known->name < file.name) ++known;
    if (known == before.end() || known->name != file.name) {
      all.push_back({FileEvent::created, &file});
    } else if (*known != file) {
      all.push_back({FileEvent::changed, &file});
    }
  }
  return all;
}

}  // namespace coyield::generators
