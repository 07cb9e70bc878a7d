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

[[noreturn]] void fail(const FileName& name, int error) {
  const std::string file = name.for_client();
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

int open_beneath(int root, const char* path) {
  open_how how = {};
  how.flags = open_flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed meanwhile, and the kernel cannot tell whether `..` has led out.
  int opened = -1;
  for (int tries = 0; tries < 8; ++tries) {
    opened = static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
    if (opened >= 0 || errno != EAGAIN) break;
  }
  return opened;
}

FileDescriptor open_by_name(const FileName& name) {
  if (!name.root) return FileDescriptor(::open(name.path.c_str(), open_flags));
  const FileDescriptor root = open_root(*name.root);
  return FileDescriptor(open_beneath(root.get(), name.path.c_str()));
}

}  // namespace

std::string FileName::for_client() const {
  return chosen_by_client ? config::in_quotes(path) : std::string("the file of this endpoint");
}

RegularFile open_regular_file(const FileName& name) {
  if (name.path.find('\0') != std::string::npos)
    fail(name, ENOENT);  // a path would end there, and be another
  RegularFile file;
  file.descriptor = open_by_name(name);
  if (!file.descriptor) fail(name, errno);
  struct stat status = {};
  if (::fstat(file.descriptor.get(), &status) != 0) fail(name, errno);
  if (!S_ISREG(status.st_mode)) fail(name, ENODEV);
  ::posix_fadvise(file.descriptor.get(), 0, 0, POSIX_FADV_SEQUENTIAL);  // a hint: it may be refused
  file.size = static_cast<std::uint64_t>(status.st_size);
  return file;
}

}  // namespace coyield::generators
