#include <coyield/generators/sources/file_position.hpp>

#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

namespace coyield::generators {

namespace {

std::uint32_t checksum_of(std::uint32_t so_far, std::string_view bytes) noexcept {
  return static_cast<std::uint32_t>(
      ::crc32(so_far, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

constexpr std::string_view within_mark = ".w";

/// Reads a number without a sign and with nothing before it, and what stands behind it.
template <class Number>
bool take_number(std::string_view& text, int base, char behind, Number& number) noexcept {
  const std::size_t end = std::min(text.find(behind), text.size());
  const auto [at, error] = std::from_chars(text.data(), text.data() + end, number, base);
  if (error != std::errc() || at != text.data() + end) return false;
  text.remove_prefix(std::min(end + 1, text.size()));
  return true;
}

std::size_t read_at(int descriptor, std::span<char> into, std::uint64_t offset) noexcept {
  ssize_t n = -1;
  do {
    n = ::pread(descriptor, into.data(), into.size(), static_cast<off_t>(offset));
  } while (n < 0 && errno == EINTR);
  return n < 0 ? 0 : static_cast<std::size_t>(n);
}

}  // namespace

std::string_view read_before(int descriptor, std::uint64_t offset, std::span<char> into) noexcept {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(offset, into.size()));
  return {into.data(), read_at(descriptor, into.first(wanted), offset - wanted)};
}

void FileHead::read(int descriptor) noexcept {
  filled_ = read_at(descriptor, bytes_, 0);
  if (complete()) whole_ = checksum(size);
}

std::uint32_t FileHead::checksum(std::size_t n) const noexcept { return checksum_of(0, {bytes_, n}); }

std::optional<std::uint32_t> FileHead::check(std::uint64_t offset, std::string_view before) const noexcept {
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(offset, size));
  if (n > filled_) return std::nullopt;
  return checksum_of(n == size ? whole_ : checksum(n), before);
}

char* write_position(char* out, const FilePosition& position) noexcept {
  char* const end = out + FilePosition::max_text;
  out = std::to_chars(out, end, position.inode, 16).ptr;
  *out++ = '.';
  out = std::to_chars(out, end, position.offset).ptr;
  *out++ = '.';
  out = std::to_chars(out, end, position.check, 16).ptr;
  return position.within ? std::copy(within_mark.begin(), within_mark.end(), out) : out;
}

std::optional<FilePosition> parse_position(std::string_view text) noexcept {
  if (text.size() > FilePosition::max_text) return std::nullopt;
  FilePosition position;
  position.within = text.ends_with(within_mark);
  if (position.within) text.remove_suffix(within_mark.size());
  if (std::count(text.begin(), text.end(), '.') != 2) return std::nullopt;
  const bool whole = take_number(text, 16, '.', position.inode) &&
                     take_number(text, 10, '.', position.offset) &&
                     take_number(text, 16, '.', position.check);
  if (!whole || position.offset > INT64_MAX) return std::nullopt;
  return position;
}

}  // namespace coyield::generators
