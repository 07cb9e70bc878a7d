#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The list of extensions in a WebSocket handshake.
namespace coyield::server::websocket {

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
