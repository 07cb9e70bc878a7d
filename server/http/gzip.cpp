#include <coyield/server/http/gzip.hpp>

#include <zlib.h>

#include <algorithm>
#include <coyield/generators/zlib_memory.hpp>
#include <new>

namespace coyield::server {

namespace {

// A window of 4 KiB and little memory: a stream is small items that resemble each other, and each client has
// a state of its own. zlib's defaults take seven times as much for hardly smaller output.
constexpr int level = 6;
constexpr int window_bits = 12;
constexpr int with_gzip_header = 16;
constexpr int memory_level = 5;

/// Of compressed bytes at a time.
constexpr std::size_t most_room = 16 * 1024;

}  // namespace

Gzip::Gzip() = default;
Gzip::~Gzip() = default;

void Gzip::Free::operator()(z_stream* stream) const {
  deflateEnd(stream);
  delete stream;
}

void Gzip::start() {
  auto stream = std::make_unique<z_stream>();
  const int result = deflateInit2(stream.get(), level, Z_DEFLATED, window_bits + with_gzip_header,
                                  memory_level, Z_DEFAULT_STRATEGY);
  if (result != Z_OK) throw std::bad_alloc();  // the parameters are right
  stream_.reset(stream.release());
}

void Gzip::append(std::string_view plain, Flush flush, generators::Buffer& out) {
  if (plain.empty() && flush == Flush::batch) return;
  if (!stream_) start();
  // zlib's interface lacks a const, it does not write there. A batch is far below 4 GiB.
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream_->avail_in = static_cast<uInt>(plain.size());
  const std::size_t room =
      std::min<std::size_t>(deflateBound(stream_.get(), stream_->avail_in) + 16, most_room);
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(out.prepare(room));
    stream_->avail_out = static_cast<uInt>(room);
    deflate(stream_.get(), flush == Flush::end ? Z_FINISH : Z_SYNC_FLUSH);
    out.commit(room - stream_->avail_out);
  } while (stream_->avail_out == 0);
}

std::size_t Gzip::held_bytes() const noexcept {
  return stream_ ? generators::deflate_context_bytes(window_bits, memory_level) : 0;
}

}  // namespace coyield::server
