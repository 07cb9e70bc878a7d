#include <coyield/generators/sources/rotation.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <vector>

// The order of rotated files is that of their last writes, since a program writes to one after the other,
// whatever they are called. Numbers count upwards for logrotate and downwards for others, so a name decides
// only between files that were written to at the same moment.
//
// A list of names is out of date as soon as there is one: whoever rotates renames one file after the other,
// and a file that is looked at by a name that it no longer has is missed, with all its lines. So whatever is
// found counts only if nothing was renamed meanwhile.

namespace coyield::generators {

namespace {

/// A shorter piece of content could stand at the same place in a file by chance.
constexpr std::uint64_t least_to_know_a_copy = FilePosition::history;

bool is_number_or_date(std::string_view text) noexcept {
  const bool from_set = text.find_first_not_of("0123456789-_.:TZ") == std::string_view::npos;
  return from_set && text.find_first_of("0123456789") != std::string_view::npos;
}

bool is_separator(char byte) noexcept { return byte == '.' || byte == '-' || byte == '_'; }

/// `.1`, `-2026-11-23`.
bool is_addition(std::string_view text) noexcept {
  return text.size() > 1 && is_separator(text.front()) &&
         (is_number_or_date(text.substr(1)) || text.substr(1) == "old");
}

std::string_view base_of(const FileName& name) noexcept {
  const std::string_view path = name.path;
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

struct Candidate {
  std::string name;
  std::uint64_t device;
  std::uint64_t inode;
  std::int64_t modified;

  bool is(const RegularFile& file) const noexcept { return inode == file.inode && device == file.device; }
};

/// The 3 of `app.log.3`: logrotate's numbers. None for what is longer, which is a date.
std::optional<unsigned> generation(const std::string& name) noexcept {
  const std::size_t dot = name.rfind('.');
  unsigned number = 0;
  const char* const end = name.data() + name.size();
  if (dot == std::string::npos || name.size() - dot > 5) return std::nullopt;
  const auto [at, error] = std::from_chars(name.data() + dot + 1, end, number);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

bool is_older(const Candidate& a, const Candidate& b) noexcept {
  if (a.modified != b.modified) return a.modified < b.modified;
  const auto of_a = generation(a.name);
  const auto of_b = generation(b.name);
  if (of_a && of_b) return *of_a > *of_b;
  return a.name < b.name;
}

/// Tells whether names in a directory have changed since it was made; where that cannot be watched, that they
/// have not. One at a time on a thread.
class NameChanges {
 public:
  explicit NameChanges(const FileDescriptor& directory) : changes_(of_this_thread()) {
    const std::string path = "/proc/self/fd/" + std::to_string(directory.get());
    watch_ = ::inotify_add_watch(changes_, path.c_str(), IN_MOVE | IN_CREATE | IN_DELETE | IN_ONLYDIR);
  }
  ~NameChanges() {
    ::inotify_rm_watch(changes_, watch_);
    char thrown_away[4096];  // whatever has happened, and the end of the watch
    while (::read(changes_, thrown_away, sizeof thrown_away) > 0) {
    }
  }
  NameChanges(const NameChanges&) = delete;
  NameChanges& operator=(const NameChanges&) = delete;

  bool any() const noexcept {
    pollfd entry{.fd = changes_, .events = POLLIN, .revents = 0};
    return watch_ >= 0 && ::poll(&entry, 1, 0) == 1;
  }

 private:
  /// To end one takes the kernel milliseconds, so it is kept for the next time.
  static int of_this_thread() {
    static const thread_local FileDescriptor changes(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    return changes.get();
  }

  int changes_;
  int watch_;
};

/// What `find` finds in the directory while nothing is renamed in it. Where that never stops, what it found
/// last.
template <class Find>
std::optional<RegularFile> find_undisturbed(const FileName& name, Find find) {
  constexpr int most_tries = 100;
  const FileDescriptor directory = open_directory_of(name);
  for (int tries = 1;; ++tries) {
    const NameChanges changes(directory);
    std::optional<RegularFile> found = find(directory);
    if (!changes.any() || tries == most_tries) return found;
  }
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

/// All rotated files of this name, the oldest first.
std::vector<Candidate> list_rotated(const FileDescriptor& directory, std::string_view base) {
  std::vector<Candidate> found;
  // A descriptor of its own: closing the stream closes that.
  const int own = ::openat(directory.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, CloseDirectory> stream(own < 0 ? nullptr : ::fdopendir(own));
  while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    struct stat status = {};
    if (!is_rotated_name(base, name)) continue;
    if (::fstatat(directory.get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(status.st_mode)) continue;
    found.push_back({std::string(name), status.st_dev, status.st_ino,
                     status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec});
  }
  std::sort(found.begin(), found.end(), is_older);
  return found;
}

bool has_position(const RegularFile& file, const FilePosition& position) {
  if (file.size < position.offset) return false;
  FileHead head;
  head.read(file.descriptor.get());
  char before[FilePosition::history];
  const auto read = read_before(file.descriptor.get(), position.offset, before);
  return head.check(position.offset, read) == position.check;
}

/// The first of `candidates` that has the position; an inode alone says nothing, since it may have a new
/// file.
template <class Wanted>
std::optional<RegularFile> find_among(const FileDescriptor& directory,
                                      const std::vector<Candidate>& candidates, const FilePosition& position,
                                      Wanted wanted) {
  for (auto at = candidates.rbegin(); at != candidates.rend(); ++at) {
    if (!wanted(*at)) continue;
    auto file = open_in(directory, at->name);
    if (file && has_position(*file, position)) return file;
  }
  return std::nullopt;
}

}  // namespace

bool is_rotated_name(std::string_view base, std::string_view name) noexcept {
  if (name.size() <= base.size()) return false;
  if (name.substr(0, base.size()) == base) return is_addition(name.substr(base.size()));
  const std::size_t dot = base.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  const std::string_view extension = base.substr(dot);
  const bool around =
      name.substr(0, dot) == base.substr(0, dot) && name.substr(name.size() - extension.size()) == extension;
  return around && is_addition(name.substr(dot, name.size() - base.size()));
}

namespace {

bool is_there(const std::optional<RegularFile>& file, const FilePosition& position) {
  return file && file->inode == position.inode && has_position(*file, position);
}

std::optional<RegularFile> find_position_in(const FileDescriptor& directory, const FileName& name,
                                            const FilePosition& position) {
  auto current = open_if_there(name);
  if (is_there(current, position)) return current;
  const std::vector<Candidate> candidates = list_rotated(directory, base_of(name));
  const auto renamed = [&](const Candidate& candidate) { return candidate.inode == position.inode; };
  if (auto file = find_among(directory, candidates, position, renamed)) return file;
  if (position.offset < least_to_know_a_copy) return std::nullopt;
  if (current && has_position(*current, position)) return current;
  return find_among(directory, candidates, position, [](const Candidate&) { return true; });
}

std::optional<RegularFile> find_successor_in(const FileDescriptor& directory, const FileName& name,
                                             const RegularFile& file) {
  auto current = open_if_there(name);
  if (current && current->same_as(file)) return std::nullopt;
  const std::vector<Candidate> candidates = list_rotated(directory, base_of(name));
  const auto itself = std::find_if(candidates.begin(), candidates.end(),
                                   [&](const Candidate& candidate) { return candidate.is(file); });
  const bool listed = itself != candidates.end();
  for (auto at = listed ? std::next(itself) : candidates.begin(); at != candidates.end(); ++at) {
    if (!listed && at->modified <= file.modified) continue;
    auto next = open_in(directory, at->name);
    if (next && next->size != 0 && !(current && current->same_as(*next))) return next;
  }
  return current;
}

}  // namespace

std::optional<RegularFile> find_position(const FileName& name, const FilePosition& position) {
  // Mostly it has not gone anywhere, and its directory need not be read, or readable.
  if (auto current = open_if_there(name); is_there(current, position)) return current;
  return find_undisturbed(
      name, [&](const FileDescriptor& directory) { return find_position_in(directory, name, position); });
}

std::optional<RegularFile> find_successor(const FileName& name, const RegularFile& file) {
  return find_undisturbed(
      name, [&](const FileDescriptor& directory) { return find_successor_in(directory, name, file); });
}

}  // namespace coyield::generators
