#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace coyield::bench {

inline constexpr std::size_t block_bytes = 64 * 1024;
inline constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

enum class Framing { chunked, frames };
enum class FileFormat { text, ndjson };

/// Where a limit server's bytes come from: the one thing in which the two differ. What is returned stays
/// valid until the next call; the caller keeps what the socket did not take.
class Producer {
 public:
  virtual ~Producer() = default;
  /// About 64 KiB of items beginning with number `next`, which goes on behind them.
  virtual std::string_view endless(Framing framing, std::uint64_t& next) = 0;
  /// A whole response of ten items, head and end included.
  virtual std::string_view ten_items() = 0;
  /// Whether it can send a file so; the ready-made server cannot make JSON of lines.
  virtual bool offers(FileFormat format) const = 0;
  /// One chunk of what has been read from a file. `carry` is the beginning of a line, kept between the calls.
  virtual std::string_view file_chunk(FileFormat format, std::string_view read, std::string& carry) = 0;
};

/// A chunk's size line, always 6 hexadecimal digits so that it can be put in front afterwards.
inline constexpr std::size_t chunk_head_bytes = 8;
inline void write_chunk_head(char* to, std::size_t size) {
  for (int i = 5; i >= 0; --i, size >>= 4) to[i] = "0123456789abcdef"[size & 15];
  to[6] = '\r';
  to[7] = '\n';
}

/// Nanoseconds since 1970, from the clock that the items carry.
std::uint64_t wall_clock();

}  // namespace coyield::bench
