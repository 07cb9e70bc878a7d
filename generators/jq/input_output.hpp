#pragma once

#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string_view>

/// Standard input and output of `coyield-jq`, which block. May be used in a signal handler.
namespace coyield::generators::jq {

/// False at the end, and where it cannot be read.
inline bool read_all(void* into, std::size_t size) noexcept {
  char* to = static_cast<char*>(into);
  while (size != 0) {
    const ssize_t n = ::read(STDIN_FILENO, to, size);
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n < 0) continue;
    to += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// `head`, a plain structure, and `bytes` behind it. False where nobody reads.
template <class Head>
bool write_all(Head head, std::string_view bytes) noexcept {
  iovec parts[2] = {{&head, sizeof head}, {const_cast<char*>(bytes.data()), bytes.size()}};
  while (parts[0].iov_len + parts[1].iov_len != 0) {
    const ssize_t n = ::writev(STDOUT_FILENO, parts, 2);
    if (n < 0 && errno != EINTR) return false;
    std::size_t written = n < 0 ? 0 : static_cast<std::size_t>(n);
    for (iovec& part : parts) {
      const std::size_t of_part = written < part.iov_len ? written : part.iov_len;
      part.iov_base = static_cast<char*>(part.iov_base) + of_part;
      part.iov_len -= of_part;
      written -= of_part;
    }
  }
  return true;
}

}  // namespace coyield::generators::jq
