#pragma once

#include <coyield/generators/buffer.hpp>
#include <cstddef>
#include <memory>
#include <string_view>

struct z_stream_s;

namespace coyield::server {

/// Compresses the body of one response (gzip, RFC 1952), batch by batch.
///
/// Each `append` is flushed: the client can read all of it at once, and what follows still refers to it. What
/// zlib needs for that, 38 KB, is allocated with the first batch and lives as long as the object.
///
///     gzip.append(batch, Gzip::Flush::batch, out);   // ... and so on, with the last:
///     gzip.append(batch, Gzip::Flush::end, out);
class Gzip {
 public:
  enum class Flush : unsigned char {
    batch,  ///< more may follow
    end,    ///< nothing does: the trailer, by which a client knows that it has all
  };

  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  /// Appends the compressed form of `plain`. An empty batch is nothing. Throws std::bad_alloc.
  void append(std::string_view plain, Flush flush, generators::Buffer& out);

  /// What zlib has allocated, about.
  std::size_t held_bytes() const noexcept;

 private:
  struct Free {
    void operator()(z_stream_s* stream) const;
  };
  void start();

  std::unique_ptr<z_stream_s, Free> stream_;
};

}  // namespace coyield::server
