#include <coyield/generators/sources/file_follower.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/rotation.hpp>
#include <cstring>
#include <string>
#include <utility>

// A file that is rotated goes on being written to until its writer has opened the new one. So the old one is
// over when the new one has its first byte: then it is read to its end once more, since what came before that
// byte is in it by now. As long as the new one is empty, both are watched.
//
// A file that is cut is as a rule shorter than what has been read. One that has grown again meanwhile is
// found out by the bytes in front of the place up to which it was read, which are other ones now.

namespace coyield::generators {

namespace {

/// The directory in which a file stands, wherever the name has led; empty where that cannot be opened.
FileDescriptor open_home(const RegularFile& file) {
  const std::string link = "/proc/self/fd/" + std::to_string(file.descriptor.get());
  char path[PATH_MAX];
  const ssize_t n = ::readlink(link.c_str(), path, sizeof path);
  if (n <= 0 || n == sizeof path) return {};
  const std::string_view whole(path, static_cast<std::size_t>(n));
  const std::string directory(whole.substr(0, whole.rfind('/') + 1));
  return FileDescriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

FileFollower::FileFollower(Loop& loop, BlockingPool& pool, const FileName& name)
    : pool_(pool),
      name_(name),
      names_(FileWatcher::of(loop.executor()), changed_),
      home_(FileWatcher::of(loop.executor()), changed_),
      content_(FileWatcher::of(loop.executor()), changed_),
      next_(FileWatcher::of(loop.executor()), changed_) {}

Task<void> FileFollower::begin() {
  const auto open_it = [this] { return open_directory_of(name_); };
  const FileDescriptor directory = co_await pool_.run(open_it);
  names_.directory(directory.get());
}

Task<RegularFile> FileFollower::file() {
  const auto open_it = [this] { return open_if_there(name_); };
  for (;;) {
    std::optional<RegularFile> file = co_await pool_.run(open_it);
    if (file) co_return std::move(*file);
    co_await changed_.wait();
    if (names_.gone()) co_await begin();
  }
}

Task<void> FileFollower::watch(const RegularFile& file) {
  content_.file(file.descriptor.get());
  const auto open_it = [&file] { return open_home(file); };
  const FileDescriptor home = co_await pool_.run(open_it);
  if (home) home_.directory(home.get());
  names_.touch();
  successor_.reset();
  final_read_ = false;
}

Task<FileFollower::News> FileFollower::news(const FileReader& reader) {
  for (;;) {
    if (content_.take() && (reader.size() < reader.offset() || !intact(reader, reader.offset())))
      co_return News::cut;
    if (final_read_) co_return News::successor;
    // Not `||`: both are to be taken.
    const bool in_names = names_.take();
    const bool in_home = home_.take();
    if (in_names || in_home) co_await look_for_successor(reader);
    if (successor_has_content()) {
      final_read_ = true;
      co_return News::more;
    }
    if (reader.size() > reader.offset()) co_return News::more;
    co_await changed_.wait();
  }
}

RegularFile FileFollower::take_successor() noexcept {
  RegularFile taken = std::move(*successor_);
  successor_.reset();
  next_.stop();
  return taken;
}

Task<void> FileFollower::look_for_successor(const FileReader& reader) {
  try {
    // The directory was removed or renamed. Another one may have come in its place.
    if (names_.gone()) co_await begin();
    const auto find_it = [this, &reader] { return find_successor(name_, reader.file()); };
    successor_ = co_await pool_.run(find_it);
  } catch (const Failure& failure) {
    throw Failure(FailureKind::upstream, failure.message());  // it was there when the stream began
  }
  if (successor_) {
    next_.file(successor_->descriptor.get());
  } else {
    next_.stop();
  }
}

bool FileFollower::successor_has_content() const noexcept {
  struct stat status = {};
  return successor_ && ::fstat(successor_->descriptor.get(), &status) == 0 && status.st_size != 0;
}

void FileFollower::remember(std::span<const char> bytes) noexcept {
  constexpr std::size_t most = FilePosition::history;
  const std::size_t taken = std::min(bytes.size(), most);
  const std::size_t kept = std::min(tail_size_, most - taken);
  std::memmove(tail_, tail_ + (tail_size_ - kept), kept);
  std::memcpy(tail_ + kept, bytes.data() + (bytes.size() - taken), taken);
  tail_size_ = kept + taken;
}

void FileFollower::remember_only(std::string_view bytes) noexcept {
  tail_size_ = 0;
  remember(bytes);
}

bool FileFollower::intact(const FileReader& reader, std::uint64_t offset) const noexcept {
  char now[FilePosition::history];
  const std::string_view there = read_before(reader.descriptor(), offset, std::span(now, tail_size_));
  return there == std::string_view(tail_, tail_size_);
}

}  // namespace coyield::generators
