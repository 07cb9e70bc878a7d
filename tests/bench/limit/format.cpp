// The limit with formatting: each item reads the clock and is written by hand, two digits at a time, straight
// into the block that is sent. A program that makes these items cannot do much less.
#include <cstdlib>
#include <utility>
#include <vector>

#include "digits.hpp"
#include "server.hpp"

namespace coyield::bench {
namespace {

typedef unsigned char Lanes __attribute__((vector_size(16)));

// Whether JSON needs an escape in these 16 bytes.
bool needs_escape(const char* bytes) {
  Lanes lanes;
  std::memcpy(&lanes, bytes, sizeof(lanes));
  const auto special = (lanes < 0x20) | (lanes == '"') | (lanes == '\\');
  std::uint64_t halves[2];
  std::memcpy(halves, &special, sizeof(halves));
  return (halves[0] | halves[1]) != 0;
}

char* write_escaped(char* to, char byte) {
  const auto value = static_cast<unsigned char>(byte);
  if (value >= 0x20 && byte != '"' && byte != '\\') {
    *to = byte;
    return to + 1;
  }
  *to++ = '\\';
  if (value >= 0x20) {
    *to = byte;
    return to + 1;
  }
  std::memcpy(to, "u00", 3);
  to[3] = "01"[value >> 4];
  to[4] = "0123456789abcdef"[value & 15];
  return to + 5;
}

char* write_string(char* to, std::string_view text) {
  *to++ = '"';
  const char* at = text.data();
  const char* const end = at + text.size();
  while (end - at >= static_cast<std::ptrdiff_t>(sizeof(Lanes)) && !needs_escape(at)) {
    std::memcpy(to, at, sizeof(Lanes));
    at += sizeof(Lanes);
    to += sizeof(Lanes);
  }
  while (at < end) to = write_escaped(to, *at++);
  *to = '"';
  return to + 1;
}

class HandFormatted final : public Producer {
 public:
  // A byte of a line may become six; lines are shorter than a block.
  HandFormatted() : buffer_(chunk_head_bytes + 13 * block_bytes) {}

  std::string_view endless(Framing framing, std::uint64_t& next) override {
    char* const begin = buffer_.data() + chunk_head_bytes;
    char* const enough = buffer_.data() + block_bytes - max_item_bytes - 2;
    char* at = begin;
    if (framing == Framing::frames) {
      while (at < enough) at = write_frame(at, next++);
      return {begin, static_cast<std::size_t>(at - begin)};
    }
    while (at < enough) at = write_line(at, next++);
    return close_chunk(at);
  }

  std::string_view ten_items() override {
    char* const head = buffer_.data();
    std::memcpy(head, stream_head.data(), stream_head.size());
    char* const chunk = head + stream_head.size();
    char* at = chunk + chunk_head_bytes;
    for (std::uint64_t i = 0; i < 10; ++i) at = write_line(at, i);
    write_chunk_head(chunk, static_cast<std::size_t>(at - chunk) - chunk_head_bytes);
    std::memcpy(at, "\r\n", 2);
    std::memcpy(at + 2, last_chunk.data(), last_chunk.size());
    return {head, static_cast<std::size_t>(at + 2 + last_chunk.size() - head)};
  }

  bool offers(FileFormat) const override { return true; }

  std::string_view file_chunk(FileFormat format, std::string_view read, std::string& carry) override {
    char* at = buffer_.data() + chunk_head_bytes;
    const bool at_end = read.empty();
    for (;;) {
      const void* const feed = std::memchr(read.data(), '\n', read.size());
      if (feed == nullptr) break;
      const auto size = static_cast<std::size_t>(static_cast<const char*>(feed) - read.data());
      std::string_view line = read.substr(0, size);
      if (!carry.empty()) line = carry.append(line);
      at = write_file_line(at, format, line);
      carry.clear();
      read.remove_prefix(size + 1);
    }
    if (carry.append(read).size() > block_bytes) std::abort();
    if (at_end) at = write_file_line(at, format, std::exchange(carry, {}));
    return close_chunk(at);
  }

 private:
  static char* write_line(char* at, std::uint64_t i) {
    at = write_item(at, i, wall_clock());
    *at = '\n';
    return at + 1;
  }
  static char* write_frame(char* at, std::uint64_t i) {
    char* const end = write_item(at + 2, i, wall_clock());
    at[0] = '\x81';
    at[1] = static_cast<char>(end - at - 2);
    return end;
  }
  static char* write_file_line(char* at, FileFormat format, std::string_view line) {
    if (format == FileFormat::ndjson) {
      at = write_string(at, line);
    } else {
      std::memcpy(at, line.data(), line.size());
      at += line.size();
    }
    *at = '\n';
    return at + 1;
  }
  std::string_view close_chunk(char* at) {
    write_chunk_head(buffer_.data(), static_cast<std::size_t>(at - buffer_.data()) - chunk_head_bytes);
    std::memcpy(at, "\r\n", 2);
    return {buffer_.data(), static_cast<std::size_t>(at + 2 - buffer_.data())};
  }

  std::vector<char> buffer_;
};

}  // namespace
}  // namespace coyield::bench

int main(int argc, char** argv) {
  coyield::bench::HandFormatted bytes;
  return coyield::bench::serve(bytes, argc, argv);
}
