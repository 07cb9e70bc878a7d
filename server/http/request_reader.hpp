#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/task.hpp>
#include <coyield/server/http/request_parser.hpp>
#include <coyield/server/worker.hpp>
#include <optional>
#include <variant>

namespace coyield::server {

/// Reads the requests of one connection, one after the other.
///
/// What the client sends ahead of time (a pipelined request, the first frames of a WebSocket) is kept, up to
/// `ahead_bytes` while something else is going on. Between requests it holds no memory.
class RequestReader {
 public:
  static constexpr std::size_t ahead_bytes = 8 * 1024;

  /// `kept` is what the client has sent already.
  RequestReader(Worker& worker, Connection& connection, generators::Buffer kept = {})
      : worker_(worker), connection_(connection), kept_(std::move(kept)) {
    if (!kept_.empty()) count();
  }

  /// No request: the client has left, was silent for too long, or the server is draining.
  struct NoRequest {};
  /// The request stands in `Worker::head()`, up to the next suspension or `consume`.
  struct Ready {};
  using Result = std::variant<Ready, NoRequest, RequestFault>;

  generators::Task<Result> next();

  /// Done with the header that `next` gave: what stands behind it is kept.
  void consume();

  /// Reads what there is while a response is under way. False: the client has left, or sends too much.
  bool read_ahead();
  /// Whether the client has sent something ahead of time.
  bool has_kept() const noexcept { return !kept_.empty(); }
  /// Keeps what somebody else has read, and not used.
  void keep_for_later(std::string_view bytes);
  /// Gives up the header that `next` gave, with what stands behind it, in the place of `consume`.
  generators::Buffer take_request();
  /// What was kept; it is no longer.
  generators::Buffer take_kept();

 private:
  std::chrono::nanoseconds due(std::chrono::nanoseconds begin, std::chrono::nanoseconds header_begin) const;
  std::optional<Result> give_up(std::chrono::nanoseconds begin, std::chrono::nanoseconds header_begin) const;
  Connection::ReadStatus read_more();
  std::optional<Result> parse();
  void keep();
  void count();

  Worker& worker_;
  Connection& connection_;
  generators::Buffer kept_;
  std::string_view bytes_;  // of the request: in `kept_` or in the worker's buffer
  std::size_t header_size_ = 0;
};

}  // namespace coyield::server
