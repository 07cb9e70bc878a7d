#pragma once

#include <array>
#include <charconv>
#include <coyield/handlers/content_coding.hpp>
#include <coyield/server/framing.hpp>
#include <coyield/server/http/gzip.hpp>
#include <coyield/server/http/request_reader.hpp>
#include <coyield/server/worker.hpp>
#include <cstring>
#include <memory>
#include <string>

namespace coyield::server {

/// A stream as the body of an HTTP response: a chunk a batch in HTTP/1.1, the plain bytes in HTTP/1.0.
///
/// Only a stream that has ended gets the last chunk. One that failed or was cut has none, and its connection
/// is closed. Where the client asked for gzip, each batch is compressed and flushed as a whole, so that what
/// was sent can be read at once; gzip's own trailer, too, is for a stream that has ended.
class HttpFraming {
 public:
  enum class Transfer : unsigned char { chunked, until_close };

  /// `head` goes out with the first batch.
  HttpFraming(Worker& worker, Connection& connection, RequestReader& reader, std::string head,
              Transfer transfer, handlers::Coding coding)
      : worker_(worker),
        connection_(connection),
        reader_(&reader),
        head_(std::move(head)),
        transfer_(transfer),
        gzip_(coding == handlers::Coding::gzip ? std::make_unique<Gzip>() : nullptr) {}
  ~HttpFraming() { connection_.hold(Connection::Held::coding, 0); }
  HttpFraming(HttpFraming&&) noexcept = default;
  HttpFraming(const HttpFraming&) = delete;
  HttpFraming& operator=(const HttpFraming&) = delete;

  /// Goes on with another reader of the same connection.
  void read_by(RequestReader& reader) noexcept { reader_ = &reader; }

  /// Leaves room for the head and the chunk's own header, which are known only when the batch is complete.
  void open(generators::Buffer& out) {
    room_ = head_.size() + (chunked() ? chunk_header_bytes : 0);
    out.prepare(room_);
    out.commit(room_);
  }
  void item(generators::Encoder& encoder, const generators::Item& item, generators::Buffer& out) {
    encoder.item(item, out);
  }
  /// What the encoder writes of an item goes out as it is.
  static constexpr bool adds_nothing = true;
  void lend(std::string_view bytes, generators::Buffer& out) {
    if (gzip_) {
      out.append(bytes);
      return;
    }
    lent_ = bytes;
    lent_behind_ = out.size();
  }
  Inbound heartbeat(generators::Encoder& encoder, generators::Buffer& out) {
    encoder.heartbeat(out);
    return Inbound::go_on;
  }
  void end(generators::Encoder& encoder, generators::Buffer& out) {
    encoder.end(out);
    ended_ = true;
  }
  void failed(generators::Encoder& encoder, const generators::Failure& failure, generators::Buffer& out) {
    encoder.failed(failure, out);
  }
  void draining(generators::Encoder& encoder, generators::Buffer& out) { encoder.draining(out); }

  bool nothing_sent() const noexcept { return !head_.empty(); }
  bool itemwise() const noexcept { return true; }
  Outgoing seal(generators::Buffer& out) { return frame(gzip_ ? compress(out) : out); }

  static constexpr bool has_news() noexcept { return false; }
  Inbound received() { return reader_->read_ahead() ? Inbound::go_on : Inbound::left; }

 private:
  static constexpr std::size_t chunk_header_bytes = 18;  // 16 digits and a line end

  bool chunked() const noexcept { return transfer_ == Transfer::chunked; }

  /// The same batch in another buffer, compressed.
  generators::Buffer& compress(const generators::Buffer& batch) {
    const std::string_view plain = batch.view().substr(room_);
    generators::Buffer& out = worker_.compressed();
    open(out);
    gzip_->append(plain, ended_ ? Gzip::Flush::end : Gzip::Flush::batch, out);
    connection_.hold(Connection::Held::coding, gzip_->held_bytes());
    return out;
  }

  Outgoing frame(generators::Buffer& out) {
    const std::size_t payload = out.size() - room_ + lent_.size();
    std::size_t begin = room_;
    if (chunked()) {
      if (payload != 0) {
        begin -= write_chunk_header(out.data() + room_, payload);
        out.append("\r\n");
      }
      if (ended_) out.append("0\r\n\r\n");
    }
    begin -= head_.size();
    std::memcpy(out.data() + begin, head_.data(), head_.size());
    // An assignment would keep the memory, and a quiet stream hold it.
    if (!head_.empty()) std::string().swap(head_);
    const std::string_view all = out.view();
    if (lent_.empty()) [[likely]]
      return all.substr(begin);
    return {all.substr(begin, lent_behind_ - begin), std::exchange(lent_, {}), all.substr(lent_behind_)};
  }

  /// Writes it so that it ends at `end`; gives its length.
  static std::size_t write_chunk_header(char* end, std::size_t payload) {
    std::array<char, 16> digits;
    const auto last = std::to_chars(digits.data(), digits.data() + digits.size(), payload, 16).ptr;
    const auto count = static_cast<std::size_t>(last - digits.data());
    std::memcpy(end - 2, "\r\n", 2);
    std::memcpy(end - 2 - count, digits.data(), count);
    return count + 2;
  }

  Worker& worker_;
  Connection& connection_;
  RequestReader* reader_;
  std::string head_;
  Transfer transfer_;
  std::unique_ptr<Gzip> gzip_;  // none where the client gets the bytes as they are
  std::size_t room_ = 0;
  std::string_view lent_;  // behind so many bytes of the batch
  std::size_t lent_behind_ = 0;
  bool ended_ = false;
};

}  // namespace coyield::server
