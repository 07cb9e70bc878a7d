#pragma once

#include <coyield/config/configuration.hpp>
#include <coyield/handlers/request.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::server {

/// The header of one request, borrowed from the bytes that it was parsed from.
struct RequestHead {
  handlers::Method method = handlers::Method::other;
  std::string_view method_text;
  std::string_view target;
  unsigned minor_version = 1;
  bool keep_alive = true;
  bool has_body = false;
  bool chunked = false;  ///< the body; else it has `content_length` bytes
  std::uint64_t content_length = 0;
  std::vector<handlers::Field> fields;

  /// All values of that name, joined by commas where there are several.
  std::string joined(std::string_view name) const;
};

/// Why a request cannot be taken. Its connection is closed behind the answer: what follows cannot be trusted.
struct RequestFault {
  unsigned status;
  std::string detail;
};

/// Where the header at the beginning of `bytes` ends, behind its empty line.
struct HeaderEnd {
  std::size_t size = 0;               ///< 0: it is not complete
  std::optional<RequestFault> fault;  ///< it cannot become a header any more, or is over a limit
};

/// Looks for the end of a header, and for what no header may hold, as early as it is there to be seen.
HeaderEnd find_header_end(std::string_view bytes, const config::Limits& limits);

/// Parses a whole header by Boost.Beast, and refuses what Beast lets through (RFC 9112, sections 2 to 7): a
/// body whose length can be read in two ways, codings but `chunked`, folded lines, a `Host` that is missing
/// or not alone.
std::optional<RequestFault> parse_request(std::string_view header, RequestHead& head);

}  // namespace coyield::server
