#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Values of HTTP header fields that are lists (RFC 9110, section 5.6).
namespace coyield::server::websocket {

/// Compares names as HTTP does: ASCII letters without case.
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// True when the comma-separated `list` holds `token`, letters compared without case.
bool list_contains(std::string_view list, std::string_view token);

/// Takes the first element off a comma-separated `list`, trimmed; empty elements are passed over. Empty at
/// the end.
std::string_view next_element(std::string_view& list);

/// A parameter of an extension: `name`, `name=token` or `name="quoted"`, the quotes undone.
struct ExtensionParameter {
  std::string name;
  std::optional<std::string> value;
};

/// One element of Sec-WebSocket-Extensions.
struct Extension {
  std::string name;
  std::vector<ExtensionParameter> parameters;
};

/// Parses Sec-WebSocket-Extensions (RFC 6455, section 9.1); nothing when the grammar is broken anywhere.
std::optional<std::vector<Extension>> parse_extensions(std::string_view value);

}  // namespace coyield::server::websocket
