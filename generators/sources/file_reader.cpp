#include <coyield/generators/sources/file_reader.hpp>

#include <sys/stat.h>
#include <sys/uio.h>

#include <cerrno>
#include <coyield/generators/blocking_pool.hpp>
#include <coyield/generators/failure.hpp>
#include <string>

namespace coyield::generators {

void FileReader::start(RegularFile file, std::uint64_t offset) noexcept {
  file_ = std::move(file);
  offset_ = offset;
  try_cache_ = true;
}

Task<std::size_t> FileReader::read(std::span<char> into) {
  const std::ptrdiff_t cached = read_cached(into);
  std::size_t n = 0;
  if (cached >= 0) {
    n = static_cast<std::size_t>(cached);
  } else {
    const auto read_it = [this, into] { return read_blocking(into); };
    n = co_await pool_.run(read_it);
  }
  offset_ += n;
  co_return n;
}

/// -1 where it would have to wait for a disk.
std::ptrdiff_t FileReader::read_cached(std::span<char> into) noexcept {
  if (!try_cache_) return -1;
  iovec part{into.data(), into.size()};
  const ssize_t n = ::preadv2(descriptor(), &part, 1, static_cast<off_t>(offset_), RWF_NOWAIT);
  // Some file systems do not know the flag. Any other error shows itself again in the read that waits.
  if (n < 0 && errno != EAGAIN && errno != EINTR) try_cache_ = false;
  return n;
}

std::size_t FileReader::read_blocking(std::span<char> into) const {
  ssize_t n = -1;
  do {
    n = ::pread(descriptor(), into.data(), into.size(), static_cast<off_t>(offset_));
  } while (n < 0 && errno == EINTR);
  if (n < 0) throw Failure(FailureKind::upstream, name_.for_client() + " cannot be read");
  return static_cast<std::size_t>(n);
}

std::uint64_t FileReader::size() const noexcept {
  struct stat status = {};
  return ::fstat(descriptor(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : file_.size;
}

}  // namespace coyield::generators
