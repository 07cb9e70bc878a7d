#pragma once

#include <coyield/generators/buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

struct z_stream_s;

/// Compressing and inflating the payloads of messages (permessage-deflate, RFC 7692, section 7.2) with zlib.
///
/// zlib's contexts are what makes compression dear in memory, so they are allocated with the first message,
/// and an inflater without context takeover holds none between messages. One thread at a time uses an object.
namespace coyield::generators::net::websocket {

/// Whether a message may refer to bytes of earlier messages: better compression, but a context kept per
/// connection.
enum class Takeover : std::uint8_t { keep, none };

/// One direction of a connection, as negotiated. The window is `1 << window_bits` bytes; 8 to 15.
struct DeflateWindow {
  int window_bits = 15;
  Takeover takeover = Takeover::keep;

  bool operator==(const DeflateWindow&) const = default;
};

/// Both directions: what the server compresses, and what the client does.
struct DeflateParams {
  DeflateWindow server;
  DeflateWindow client;

  bool operator==(const DeflateParams&) const = default;
};

/// Compresses messages for one connection; without takeover one object may serve all connections of a thread.
///
///     FrameWriter frame(buffer, Opcode::text, Coding::deflated);
///     deflater.compress(text, buffer);
///     frame.end();
class Deflater {
 public:
  /// `window.window_bits` is 9 to 15, since zlib cannot write a window of 8. `level` is 1 to 9,
  /// `memory_level` too: a context takes `(4 << window_bits) + (512 << memory_level)` bytes and 6 KB, so 38
  /// KB with 12 bits and level 5.
  explicit Deflater(DeflateWindow window, int level = 6, int memory_level = 5);
  ~Deflater();
  Deflater(Deflater&&) noexcept;
  Deflater& operator=(Deflater&&) noexcept;

  /// Appends the compressed payload of a whole message. Throws std::bad_alloc.
  void compress(std::string_view message, Buffer& out);

  /// What zlib has allocated, about: nothing before the first message.
  std::size_t held_bytes() const noexcept;

 private:
  struct Free {
    void operator()(z_stream_s* stream) const;
  };
  void start();

  DeflateWindow window_;
  int level_;
  int memory_level_;
  std::unique_ptr<z_stream_s, Free> stream_;
};

/// Inflates the messages of one connection, as their bytes arrive.
///
/// A message that would inflate beyond its limit is given up within 4 KiB of it, however much is still
/// compressed.
class Inflater {
 public:
  enum class Result : std::uint8_t {
    ok,       ///< All input was taken.
    corrupt,  ///< The bytes are no deflate stream, refer to bytes that are gone, or end within a block.
    too_big,  ///< The message is longer than `limit`.
  };

  explicit Inflater(DeflateWindow window);
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// Appends to `message` what `bytes` inflate to; `limit` bounds `message.size()`. Throws std::bad_alloc.
  Result feed(std::string_view bytes, std::vector<char>& message, std::size_t limit);

  /// Ends a message: what was held back is appended, and the next `feed` begins another one.
  Result finish(std::vector<char>& message, std::size_t limit);

  /// True when no context is held.
  bool idle() const { return !stream_; }
  /// What zlib has allocated, about.
  std::size_t held_bytes() const noexcept;

 private:
  struct Free {
    void operator()(z_stream_s* stream) const;
  };
  void start();
  Result run(std::string_view bytes, std::vector<char>& message, std::size_t limit);

  DeflateWindow window_;
  bool fed_ = false;  // within a message that is not empty on the wire
  std::unique_ptr<z_stream_s, Free> stream_;
};

}  // namespace coyield::generators::net::websocket
