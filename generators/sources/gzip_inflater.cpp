#include <coyield/generators/sources/gzip_inflater.hpp>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <limits>
#include <new>

namespace coyield::generators {

namespace {

constexpr int gzip_alone = 16;  // added to the bits of the window

uInt fitting(std::size_t size) noexcept {
  return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

}  // namespace

GzipInflater::GzipInflater() {
  if (::inflateInit2(&stream_, MAX_WBITS + gzip_alone) != Z_OK) throw std::bad_alloc();
}

GzipInflater::~GzipInflater() { ::inflateEnd(&stream_); }

void GzipInflater::feed(std::span<const char> bytes) noexcept {
  stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib only reads it
  stream_.avail_in = fitting(bytes.size());
}

std::size_t GzipInflater::inflate(std::span<char> room) {
  stream_.next_out = reinterpret_cast<Bytef*>(room.data());
  stream_.avail_out = fitting(room.size());
  more_to_come_ = false;
  while (stream_.avail_out != 0) {
    if (state_ == State::between) skip_zeros();
    if (stream_.avail_in == 0 && state_ != State::within) break;
    state_ = State::within;
    const int result = ::inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_BUF_ERROR) break;  // it is hungry
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_STREAM_END)
      throw Failure(FailureKind::upstream, "the compressed file is damaged", Again::useless);
    if (result == Z_STREAM_END) {
      ::inflateReset(&stream_);
      state_ = State::between;
    }
  }
  more_to_come_ = stream_.avail_out == 0;
  return room.size() - stream_.avail_out;
}

void GzipInflater::skip_zeros() noexcept {
  while (stream_.avail_in != 0 && *stream_.next_in == 0) {
    ++stream_.next_in;
    --stream_.avail_in;
  }
}

}  // namespace coyield::generators
