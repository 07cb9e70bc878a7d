#pragma once

#include <coyield/generators/buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace coyield::generators::net {

/// What is in a chunked body (RFC 9112, 7.1), as its bytes come in. Does no I/O.
///
/// Extensions and trailers are passed over, up to a bound. Why not Beast's (1.81): it asserts on a last chunk
/// that comes in three reads, and knows no bound for the header of a chunk.
class ChunkedDecoder {
 public:
  /// Appends to `out` what `bytes` have of the body, and gives how many of them were used: all, unless it is
  /// `whole` or there is a `fault`.
  std::size_t feed(std::string_view bytes, Buffer& out);
  /// The last chunk has come, and all behind it.
  bool whole() const noexcept { return state_ == State::whole; }
  /// What cannot be read, for the client to know; null: nothing yet.
  const char* fault() const noexcept { return fault_; }

 private:
  enum class State : unsigned char {
    size,          ///< the digits of a chunk's size
    extension,     ///< behind them, up to the end of the line
    size_end,      ///< its line feed
    data,          ///< bytes of the body
    data_return,   ///< the carriage return behind them
    data_end,      ///< and its line feed
    trailer,       ///< the beginning of a line behind the last chunk
    trailer_text,  ///< the rest of one
    trailer_end,   ///< its line feed
    last_end,      ///< the line feed of the empty line
    whole,
    broken,
  };

  void take(char c);
  void take_size(char c);
  void expect(char c, char wanted, State next);
  void fail(const char* why) noexcept;
  bool over_bound() noexcept;

  State state_ = State::size;
  std::uint64_t left_ = 0;  // of the chunk
  unsigned digits_ = 0;
  std::size_t overhead_ = 0;  // of the present chunk's header, or of all trailers
  const char* fault_ = nullptr;
};

}  // namespace coyield::generators::net
