#include <coyield/generators/sources/open_file.hpp>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <coyield/config/mistake.hpp>
#include <coyield/generators/failure.hpp>

namespace coyield::generators {

namespace {

// O_NONBLOCK: a FIFO is opened at once, to be refused, where it would wait for a writer otherwise.
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

[[noreturn]] void fail(const std::string& file, int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
      throw Failure(FailureKind::not_found, file + " does not exist");
    case EACCES:
    case EPERM:
      throw Failure(FailureKind::forbidden, file + " may not be read");
    case EXDEV:
    case ELOOP:
      throw Failure(FailureKind::forbidden, file + " lies outside of what this endpoint serves");
    case ENXIO:  // a socket, or a device that is not there
    case ENODEV:
      throw Failure(FailureKind::invalid, file + " is not a regular file");
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      throw Failure(FailureKind::unavailable, file + " cannot be opened at the moment");
    default:
      throw Failure(FailureKind::internal, file + " cannot be opened");
  }
}

FileDescriptor open_root(const std::string& root) {
  FileDescriptor opened(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!opened) throw Failure(FailureKind::internal, "the root of this endpoint's files cannot be opened");
  return opened;
}

int open_beneath(int root, const char* path, int flags) {
  open_how how = {};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, and the kernel cannot tell whether `..` has led out.
  int opened = -1;
  for (int tries = 0; tries < 8; ++tries) {
    opened = static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
    if (opened >= 0 || errno != EAGAIN) break;
  }
  return opened;
}

/// Empty, with `errno`, where it cannot be opened.
FileDescriptor open_by_name(const FileName& name, const std::string& path, int flags) {
  if (path.find('\0') != std::string::npos) {  // it would end there, and be another
    errno = ENOENT;
    return {};
  }
  if (!name.root) return FileDescriptor(::open(path.c_str(), flags));
  const FileDescriptor root = open_root(*name.root);
  return FileDescriptor(open_beneath(root.get(), path.c_str(), flags));
}

/// 0, or what is wrong with it.
int look_at(RegularFile& file) {
  struct stat status = {};
  if (::fstat(file.descriptor.get(), &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return ENODEV;
  file.size = static_cast<std::uint64_t>(status.st_size);
  file.device = status.st_dev;
  file.inode = status.st_ino;
  file.modified = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
  return 0;
}

}  // namespace

std::string FileName::for_client() const {
  return chosen_by_client ? config::in_quotes(path) : std::string("the file of this endpoint");
}

RegularFile open_regular_file(const FileName& name) {
  RegularFile file;
  file.descriptor = open_by_name(name, name.path, open_flags);
  if (!file.descriptor) fail(name.for_client(), errno);
  if (const int error = look_at(file)) fail(name.for_client(), error);
  ::posix_fadvise(file.descriptor.get(), 0, 0, POSIX_FADV_SEQUENTIAL);  // a hint: it may be refused
  return file;
}

std::optional<RegularFile> open_if_there(const FileName& name) {
  RegularFile file;
  file.descriptor = open_by_name(name, name.path, open_flags);
  if (!file.descriptor && errno == ENOENT) return std::nullopt;
  if (!file.descriptor) fail(name.for_client(), errno);
  if (const int error = look_at(file)) fail(name.for_client(), error);
  return file;
}

FileDescriptor open_directory_of(const FileName& name) {
  const std::size_t slash = name.path.rfind('/');
  std::string path = slash == std::string::npos ? "." : name.path.substr(0, slash + 1);
  FileDescriptor opened = open_by_name(name, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (!opened) fail("the directory of " + name.for_client(), errno);
  return opened;
}

std::optional<RegularFile> open_in(const FileDescriptor& directory, const std::string& name) {
  RegularFile file;
  file.descriptor = FileDescriptor(::openat(directory.get(), name.c_str(), open_flags | O_NOFOLLOW));
  if (!file.descriptor || look_at(file) != 0) return std::nullopt;
  return file;
}

}  // namespace coyield::generators
