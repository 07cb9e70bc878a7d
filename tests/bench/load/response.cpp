#include "response.hpp"

#include <strings.h>

#include <charconv>

namespace coyield::bench {
namespace {

// The example of RFC 6455, 1.3. A fixed key makes the answer a constant that can be compared.
constexpr std::string_view sample_key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view sample_accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

[[noreturn]] void bad_chunk() { throw std::runtime_error("malformed chunk"); }

int hex_value(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

void ChunkWalker::size_digit(char byte) {
  const int value = hex_value(byte);
  if (value >= 0 && ++digits_ < 15) {
    left_ = left_ * 16 + static_cast<std::size_t>(value);
  } else if (digits_ == 0 || digits_ >= 15 || (byte != '\r' && byte != ';')) {
    bad_chunk();
  } else {
    state_ = byte == '\r' ? State::size_lf : State::extension;
  }
}

void ChunkWalker::step(char byte) {
  const auto expect = [&](char wanted, State next) {
    if (byte != wanted) bad_chunk();
    state_ = next;
  };
  switch (state_) {
    case State::size:
      return size_digit(byte);
    case State::extension:
      if (byte == '\r') state_ = State::size_lf;
      return;
    case State::size_lf:
      digits_ = 0;
      return expect('\n', left_ == 0 ? State::trailer : State::data);
    case State::data_cr:
      return expect('\r', State::data_lf);
    case State::data_lf:
      return expect('\n', State::size);
    case State::trailer:
      state_ = byte == '\r' ? State::last_lf : State::trailer_line;
      return;
    case State::trailer_line:
      if (byte == '\n') state_ = State::trailer;
      return;
    case State::last_lf:
      return expect('\n', State::done);
    case State::data:
    case State::done:
      bad_chunk();
  }
}

bool FrameWalker::head_complete() const {
  if (head_size_ < 2) return false;
  const auto length = head_[1] & 0x7f;
  return head_size_ == (length == 127 ? 10U : length == 126 ? 4U : 2U);
}

void FrameWalker::begin_payload() {
  if ((head_[1] & 0x80) != 0 || (head_[0] & 0x70) != 0) throw std::runtime_error("malformed frame");
  left_ = head_[1];
  if (head_size_ > 2) left_ = 0;
  for (std::size_t i = 2; i < head_size_; ++i) left_ = left_ << 8 | head_[i];
  head_size_ = 0;
  in_payload_ = true;
}

void FrameWalker::close() {
  if (!control_.starts_with("\x03\xe8")) throw std::runtime_error("the server closed the WebSocket");
  closed_ = true;
}

std::size_t ResponseHead::feed(std::string_view bytes) {
  const auto before = text_.size();
  text_.append(bytes.substr(0, 16 * 1024));
  const auto end = text_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (text_.size() > 16 * 1024) throw std::runtime_error("the response's head does not end");
    return bytes.size();
  }
  text_.resize(end + 4);
  complete_ = true;
  interpret();
  return text_.size() - before;
}

std::string_view ResponseHead::field(std::string_view name) const {
  for (std::size_t at = text_.find("\r\n") + 2; at < text_.size() - 2;) {
    const auto end = text_.find("\r\n", at);
    const auto line = std::string_view(text_).substr(at, end - at);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && same_word(line.substr(0, colon), name)) {
      const auto value = line.find_first_not_of(' ', colon + 1);
      return value == std::string_view::npos ? std::string_view{} : line.substr(value);
    }
    at = end + 2;
  }
  return {};
}

void ResponseHead::interpret() {
  const std::string status = text_.substr(0, text_.find("\r\n"));
  if (status.starts_with("HTTP/1.1 101")) {
    if (field("Sec-WebSocket-Accept") != sample_accept)
      throw std::runtime_error("wrong Sec-WebSocket-Accept");
    framing_ = Framing::upgraded;
  } else if (!status.starts_with("HTTP/1.1 200") && !status.starts_with("HTTP/1.1 201") &&
             !status.starts_with("HTTP/1.1 202")) {
    throw std::runtime_error("the server answered " + status);
  } else if (const auto length = field("Content-Length"); !length.empty()) {
    framing_ = Framing::length;
    std::from_chars(length.data(), length.data() + length.size(), content_length_);
  } else if (!same_word(field("Transfer-Encoding"), "chunked")) {
    framing_ = Framing::until_close;
  }
}

std::string http_request(std::string_view authority, std::string_view path, bool close) {
  std::string text = "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(authority) + "\r\n";
  if (path.find("format=sse") != std::string_view::npos) text += "Accept: text/event-stream\r\n";
  if (close) text += "Connection: close\r\n";
  return text + "\r\n";
}

std::string post_request(std::string_view authority, std::string_view path, std::string_view item) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(authority) +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(item.size()) + "\r\n\r\n" +
         std::string(item);
}

std::string post_lines_request(std::string_view authority, std::string_view path) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(authority) +
         "\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
}

std::string websocket_request(std::string_view authority, std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(authority) +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
         std::string(sample_key) + "\r\n\r\n";
}

std::string pong(std::string_view payload) {
  // A mask of zeros is a mask: the payload stays as it is.
  std::string frame = {'\x8a', static_cast<char>(0x80 | payload.size()), 0, 0, 0, 0};
  return frame.append(payload);
}

}  // namespace coyield::bench
