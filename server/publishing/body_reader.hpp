#pragma once

#include <coyield/generators/buffer.hpp>
#include <coyield/generators/net/chunked_decoder.hpp>
#include <coyield/server/connections/connection.hpp>
#include <coyield/server/http/request_reader.hpp>
#include <cstdint>

namespace coyield::server {

/// How long the body of a request is.
struct BodyLength {
  bool chunked = false;  ///< it says so itself; else:
  std::uint64_t bytes = 0;
};

/// Reads the body of one request, bit by bit; what comes behind it stays for the next request.
///
///     while ((read = body.read(out)) == BodyReader::Status::bytes) ...
///     // nothing: connection.watch_reading(), and wait
class BodyReader {
 public:
  enum class Status : unsigned char {
    bytes,    ///< some were appended
    nothing,  ///< there are none at present
    whole,    ///< that was all
    closed,   ///< the client has left, and not all has come
    fault,    ///< it cannot be read: see `fault`
  };

  BodyReader(Worker& worker, Connection& connection, RequestReader& reader, BodyLength length) noexcept
      : worker_(worker), connection_(connection), reader_(reader), length_(length) {}

  /// Appends to `out` what one read of the socket gives.
  Status read(generators::Buffer& out);
  bool whole() const noexcept { return length_.chunked ? chunks_.whole() : length_.bytes == 0; }
  const char* fault() const noexcept { return chunks_.fault(); }

 private:
  Status take(std::string_view bytes, generators::Buffer& out);

  Worker& worker_;
  Connection& connection_;
  RequestReader& reader_;
  BodyLength length_;  // what is left of it
  generators::net::ChunkedDecoder chunks_;
};

}  // namespace coyield::server
