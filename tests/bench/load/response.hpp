#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace coyield::bench {

/// Walks the chunks of an HTTP/1.1 body, cut anywhere: every chunk header is read, its bytes go to the sink.
class ChunkWalker {
 public:
  /// Gives the payload to `sink(const char*, size)`; returns how many bytes belong to this body.
  template <typename Sink>
  std::size_t feed(const char* data, std::size_t size, Sink&& sink) {
    std::size_t at = 0;
    while (at < size && state_ != State::done) {
      if (state_ != State::data) {
        step(data[at++]);
        continue;
      }
      const auto part = std::min<std::size_t>(left_, size - at);
      sink(data + at, part);
      at += part;
      left_ -= part;
      if (left_ == 0) state_ = State::data_cr;
    }
    return at;
  }
  bool done() const { return state_ == State::done; }

 private:
  enum class State { size, extension, size_lf, data, data_cr, data_lf, trailer, trailer_line, last_lf, done };
  void step(char byte);
  void size_digit(char byte);

  State state_ = State::size;
  std::size_t left_ = 0;
  int digits_ = 0;
};

/// Walks the frames that a WebSocket server sends, cut anywhere, and counts the messages.
class FrameWalker {
 public:
  /// `sink.message(bytes, ends)` gets payloads as long as `sink.wants_messages()`; `sink.ping(payload)` every
  /// ping.
  template <typename Sink>
  void feed(const char* data, std::size_t size, Sink&& sink) {
    const char* const end = data + size;
    while (data < end) {
      if (left_ == 0 && head_size_ == 0 && !sink.wants_messages()) data = skip_whole(data, end);
      if (data < end) data = step(data, end, sink);
    }
  }
  std::uint64_t messages() const { return messages_; }
  /// The server has closed, with the status 1000.
  bool closed() const { return closed_; }

 private:
  // The hot path: whole short text and binary frames.
  const char* skip_whole(const char* data, const char* end) {
    std::uint64_t count = 0;
    while (end - data >= 2) {
      const auto first = static_cast<unsigned char>(data[0]);
      const auto length = static_cast<unsigned char>(data[1]);
      if ((first != 0x81 && first != 0x82) || length > 125 || end - data < 2 + length) break;
      data += 2 + length;
      ++count;
    }
    messages_ += count;
    return data;
  }

  template <typename Sink>
  const char* step(const char* data, const char* end, Sink&& sink) {
    if (!in_payload_) {
      head_[head_size_++] = static_cast<unsigned char>(*data++);
      if (head_complete()) begin_payload();
      if (!in_payload_ || left_ > 0) return data;
    }
    const auto part = std::min<std::size_t>(left_, static_cast<std::size_t>(end - data));
    left_ -= part;
    payload({data, part}, sink);
    if (left_ == 0) in_payload_ = false;
    return data + part;
  }

  template <typename Sink>
  void payload(std::string_view bytes, Sink&& sink) {
    const bool ends = left_ == 0 && (head_[0] & 0x80) != 0;
    const auto opcode = head_[0] & 0x0f;
    if (opcode == 0x9 || opcode == 0x8) {
      control_.append(bytes);
      if (ends && opcode == 0x8) return close();
      if (ends) sink.ping(std::exchange(control_, {}));
    } else if (opcode < 0x3) {
      if (sink.wants_messages()) sink.message(bytes, ends);
      messages_ += ends;
    }
  }

  bool head_complete() const;
  void begin_payload();
  void close();

  unsigned char head_[10] = {};
  std::size_t head_size_ = 0;
  std::size_t left_ = 0;
  bool in_payload_ = false;
  bool closed_ = false;
  std::uint64_t messages_ = 0;
  std::string control_;
};

/// How the end of a body is told.
enum class Framing { chunked, length, until_close, upgraded };

/// Collects the head of a response, cut anywhere, and says what it means.
class ResponseHead {
 public:
  /// Returns how many bytes belonged to the head. Throws unless the status is 200, 201, 202 or a proper 101.
  std::size_t feed(std::string_view bytes);
  bool complete() const { return complete_; }
  Framing framing() const { return framing_; }
  std::size_t content_length() const { return content_length_; }

 private:
  void interpret();
  std::string_view field(std::string_view name) const;

  std::string text_;
  bool complete_ = false;
  Framing framing_ = Framing::chunked;
  std::size_t content_length_ = 0;
};

/// A GET; where `path` asks for `format=sse`, also in the way of EventSource.
std::string http_request(std::string_view authority, std::string_view path, bool close);
/// A POST of one item of JSON.
std::string post_request(std::string_view authority, std::string_view path, std::string_view item);
/// The head of a POST of lines of JSON, whose body is chunked.
std::string post_lines_request(std::string_view authority, std::string_view path);
std::string websocket_request(std::string_view authority, std::string_view path);
/// A masked frame, as clients send them; at most 125 bytes.
std::string pong(std::string_view payload);

}  // namespace coyield::bench
