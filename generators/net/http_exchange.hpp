#pragma once

#include <chrono>
#include <coyield/generators/buffer.hpp>
#include <coyield/generators/net/chunked_decoder.hpp>
#include <coyield/generators/net/connection.hpp>
#include <coyield/generators/net/http_head.hpp>
#include <coyield/generators/net/url.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace coyield::generators::net {

/// What is asked for.
struct HttpRequest {
  std::string method = "GET";
  Url url;
  std::vector<std::pair<std::string, std::string>> fields = {};  ///< beside those that every request needs
  std::string body = {};
  std::string upgrade = {};      ///< the protocol to go over to; what comes behind 101 is then its bytes
  std::string socket = {};       ///< a Unix socket to ask at
  std::string authorities = {};  ///< as `Peer` has it
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);  ///< from here to the head of the answer
  std::chrono::nanoseconds idle = std::chrono::nanoseconds(0);  ///< the longest silence in it; 0: any
};

/// One request of HTTP/1.1 on a connection of its own, and its answer.
///
///     HttpExchange exchange(loop);
///     co_await exchange.open(std::move(request));         // until the head of the answer is there
///     if (exchange.head().status == 200)
///       while (!lines.ended()) co_await fill(exchange, lines);    // see sources/fill.hpp
///
/// Redirects are followed, up to ten: to GET where the answer was 301, 302 or 303 to a POST, and to no less
/// safe scheme. What is secret (`Authorization`, `Cookie`) goes to the origin alone that it was meant for.
///
/// A body has ended where it says so (RFC 9112, section 6.3): one that stops short of that is
/// `Failure(upstream)`, and so is whatever else goes wrong; its message names the URL without its query.
/// Awaited by one coroutine, which owns it; cancelling is as for `Connection`.
class HttpExchange {
 public:
  explicit HttpExchange(Loop& loop) : loop_(loop) {}

  Task<void> open(HttpRequest request);
  const HttpHead& head() const noexcept { return reader_->head(); }
  /// Where the answer came from, behind all redirects.
  const Url& url() const noexcept { return request_.url; }

  /// Bytes of the body that have come; 0 at its end, nothing where there is nothing yet.
  std::optional<std::size_t> read_now(std::span<char> into);
  /// Waits until there is more of it, or its end.
  Task<void> more();

  /// Behind an upgrade: as `Connection` has them. One may read and one write at the same time.
  Task<void> write(std::string_view bytes) { return connection_->write(bytes); }
  void within(std::chrono::nanoseconds time) { connection_->within(time); }
  void at_leisure() { connection_->at_leisure(); }

 private:
  enum class Framing : unsigned char { none, length, chunked, until_close };

  Task<void> ask();
  Task<void> read_head();
  Task<std::size_t> read_some();
  void check_fields() const;
  std::string request_text() const;
  bool redirected();
  void find_framing();
  std::size_t take_plain(std::span<char> into);
  std::size_t take_decoded(std::span<char> into);

  Loop& loop_;
  HttpRequest request_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<HttpHeadReader> reader_;
  Buffer received_;       // and not used yet
  std::size_t used_ = 0;  // of it
  Framing framing_ = Framing::none;
  std::uint64_t left_ = 0;  // of a body that has said its length
  ChunkedDecoder chunks_;
  Buffer decoded_;
  std::size_t given_ = 0;  // of it
};

}  // namespace coyield::generators::net
