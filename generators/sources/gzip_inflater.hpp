#pragma once

#include <zlib.h>

#include <cstddef>
#include <span>

namespace coyield::generators {

/// Decompresses gzip (RFC 1952) that arrives in pieces, in constant memory: 43 KiB, however much comes out of
/// how little. Members that follow one another are one text, and zeros behind the last are passed over, as
/// with gzip(1).
///
///     GzipInflater inflater;
///     if (inflater.hungry()) inflater.feed(bytes);    // they must stay until it is hungry again
///     std::size_t n = inflater.inflate(room);         // 0: it is hungry
///     if (!inflater.may_end()) ...                    // at the end of the input: it is cut off
///
/// `inflate` throws a permanent `Failure(upstream)` for what is no gzip, or damaged; each member is checked
/// against its sum. A length that a member states wrong is damage too.
class GzipInflater {
 public:
  GzipInflater();
  GzipInflater(const GzipInflater&) = delete;
  GzipInflater& operator=(const GzipInflater&) = delete;
  ~GzipInflater();

  bool hungry() const noexcept { return stream_.avail_in == 0 && !more_to_come_; }
  void feed(std::span<const char> bytes) noexcept;
  std::size_t inflate(std::span<char> room);
  /// Whether what was fed so far is whole.
  bool may_end() const noexcept { return state_ == State::between; }

 private:
  void skip_zeros() noexcept;

  enum class State : unsigned char { first, between, within } state_ = State::first;
  bool more_to_come_ = false;  // the last room was filled up: there may be more inside
  z_stream stream_ = {};
};

}  // namespace coyield::generators
