#include <coyield/generators/net/websocket/deflate.hpp>

#include <coyield/generators/net/websocket/message_buffer.hpp>
#include <coyield/generators/zlib_memory.hpp>

#include <zlib.h>

#include <algorithm>
#include <new>
#include <stdexcept>

namespace coyield::generators::net::websocket {
namespace {

constexpr std::size_t block_bytes = 4096;

// What a sync flush ends with; the sender leaves it out and the receiver puts it back (RFC 7692,
// section 7.2).
constexpr std::string_view flush_tail{"\x00\x00\xFF\xFF", 4};

// Negative window bits ask zlib for a stream without header and checksum.
constexpr int raw(int window_bits) { return -window_bits; }

void check(int result) {
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  if (result != Z_OK) throw std::invalid_argument("zlib refuses the parameters of permessage-deflate");
}

void give_input(z_stream& stream, std::string_view bytes) {
  // zlib's interface lacks a const, it does not write there. Sizes are below 4 GiB: a message is bounded far
  // below.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
}

}  // namespace

Deflater::Deflater(DeflateWindow window, int level, int memory_level)
    : window_(window), level_(level), memory_level_(memory_level) {}
Deflater::~Deflater() = default;
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;

void Deflater::Free::operator()(z_stream* stream) const {
  deflateEnd(stream);
  delete stream;
}

void Deflater::start() {
  auto stream = std::make_unique<z_stream>();
  check(deflateInit2(stream.get(), level_, Z_DEFLATED, raw(window_.window_bits), memory_level_,
                     Z_DEFAULT_STRATEGY));
  stream_.reset(stream.release());
}

void Deflater::compress(std::string_view message, Buffer& out) {
  if (message.empty()) {
    // zlib writes nothing for a flush without input, but an empty message is an empty block
    // (section 7.2.3.6).
    out.append(std::string_view("\0", 1));
    return;
  }
  if (!stream_) start();
  give_input(*stream_, message);
  // Most messages are done in one round. Where the room runs out just at the end, zlib writes a second flush
  // marker, which is an empty block more and does no harm.
  const std::size_t room =
      std::min<std::size_t>(deflateBound(stream_.get(), stream_->avail_in) + 16, 4 * block_bytes);
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(out.prepare(room));
    stream_->avail_out = static_cast<uInt>(room);
    deflate(stream_.get(), Z_SYNC_FLUSH);
    out.commit(room - stream_->avail_out);
  } while (stream_->avail_out == 0);
  out.resize(out.size() - flush_tail.size());
  if (window_.takeover == Takeover::none) deflateReset(stream_.get());
}

std::size_t Deflater::held_bytes() const noexcept {
  return stream_ ? deflate_context_bytes(window_.window_bits, memory_level_) : 0;
}

Inflater::Inflater(DeflateWindow window) : window_(window) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

void Inflater::Free::operator()(z_stream* stream) const {
  inflateEnd(stream);
  delete stream;
}

void Inflater::start() {
  auto stream = std::make_unique<z_stream>();
  check(inflateInit2(stream.get(), raw(window_.window_bits)));
  stream_.reset(stream.release());
}

Inflater::Result Inflater::feed(std::string_view bytes, std::vector<char>& message, std::size_t limit) {
  if (bytes.empty()) return Result::ok;
  if (!stream_) start();
  fed_ = true;
  return run(bytes, message, limit);
}

Inflater::Result Inflater::finish(std::vector<char>& message, std::size_t limit) {
  // Strictly an empty message is one byte on the wire, but peers that flush zlib twice send none at all.
  if (!fed_) return Result::ok;
  fed_ = false;
  const Result result = run(flush_tail, message, limit);
  if (result != Result::ok) return result;
  // zlib says in data_type whether it stands between two blocks (128), and how many bits it has left over (0
  // to 63).
  const bool between_blocks = (stream_->data_type & (128 | 63)) == 128;
  if (window_.takeover == Takeover::none) stream_.reset();
  return between_blocks ? Result::ok : Result::corrupt;
}

std::size_t Inflater::held_bytes() const noexcept {
  return stream_ ? inflate_context_bytes(window_.window_bits) : 0;
}

Inflater::Result Inflater::run(std::string_view bytes, std::vector<char>& message, std::size_t limit) {
  give_input(*stream_, bytes);
  char block[block_bytes];
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(block);
    stream_->avail_out = sizeof block;
    const int result = inflate(stream_.get(), Z_SYNC_FLUSH);
    // What came out before a fault counts first, so that the verdict does not depend on how the bytes were
    // cut.
    const std::size_t made = sizeof block - stream_->avail_out;
    const std::size_t fits = std::min(made, limit - message.size());
    append_within(message, {block, fits}, limit);
    if (fits < made) return Result::too_big;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_BUF_ERROR) break;  // it had nothing left to do
    if (result == Z_STREAM_END) {
      // A last block is allowed, and another may follow it (section 7.2.3.4). The window stays, as it is the
      // connection's, not the stream's.
      inflateResetKeep(stream_.get());
    } else if (result != Z_OK) {
      return Result::corrupt;
    }
  } while (stream_->avail_in > 0 || stream_->avail_out == 0);
  return Result::ok;
}

}  // namespace coyield::generators::net::websocket
