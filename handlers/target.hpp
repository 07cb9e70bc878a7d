#pragma once

#include <coyield/config/mistake.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coyield::handlers {

/// The target of a request, taken apart and decoded: `/files/a%20b?x=1` is {"files", "a b"} and {x: "1"}.
struct Target {
  std::vector<std::string> segments = {};
  std::vector<std::pair<std::string, std::string>> query = {};
  bool asterisk = false;  ///< `OPTIONS *`: the server as a whole
  /// Of an absolute URI: the host that was asked, with its port, in the place of `Host` (RFC 9112, 3.2.2).
  std::optional<std::string> host = {};

  /// The first value of that name.
  const std::string* find_query(std::string_view name) const noexcept;
};

/// Reads a path with a query, or an absolute URI of http or https with a host (RFC 9112, 3.2).
///
/// Split first and decoded afterwards, so that `%2F` is a character of its segment. Refused, each with a
/// sentence that says why: characters that must be percent-encoded, `.` and `..` and empty segments, NUL, and
/// what is not UTF-8 once it is decoded. A `/` at the very end is passed over.
config::Checked<Target> parse_target(std::string_view text);

}  // namespace coyield::handlers
