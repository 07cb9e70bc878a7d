#pragma once

#include <coyield/handlers/response.hpp>
#include <coyield/server/worker.hpp>
#include <string>
#include <string_view>

namespace coyield::server {

/// The first lines of a response, as they go over the wire.
///
///     ResponseHead head(worker, response, keep_alive);
///     head.add("Transfer-Encoding", "chunked");
///     connection.send(head.take());
class ResponseHead {
 public:
  ResponseHead(Worker& worker, const handlers::Response& response, bool keep_alive) {
    text_.reserve(512);
    text_ += "HTTP/1.1 ";
    text_ += std::to_string(response.status);
    text_ += ' ';
    text_ += handlers::reason_phrase(response.status);
    text_ += "\r\n";
    text_ += worker.date_line();
    if (response.shared_fields != nullptr) text_ += response.shared_fields->text();
    text_ += response.fields.text();
    if (!keep_alive && response.status != 101) add("Connection", "close");
  }

  void add(std::string_view name, std::string_view value) {
    text_.append(name).append(": ").append(value).append("\r\n");
  }
  void add_length(std::size_t size) { add("Content-Length", std::to_string(size)); }

  /// All of it, with the empty line.
  std::string take() {
    text_ += "\r\n";
    return std::move(text_);
  }

 private:
  std::string text_;
};

}  // namespace coyield::server
