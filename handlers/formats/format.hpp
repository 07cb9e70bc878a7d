#pragma once

#include <chrono>
#include <coyield/config/component.hpp>
#include <coyield/generators/encoder.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::handlers {

/// What a format is told of the stream that it writes.
struct FormatOptions {
  std::chrono::milliseconds retry{3000};  ///< SSE: how long a browser waits before it connects again
  std::vector<std::string> columns = {};  ///< CSV: of the header; empty: what the first item has
};

/// Whether a request's `Accept` header alone gets a client this format. `?format=` always does.
enum class ByAccept : unsigned char {
  always,
  finite,  ///< only from an endpoint whose streams end by themselves: nothing can be done with a part of it
  never,
};

/// Whether the format has something to say that a client passes over, while there are no items.
enum class Heartbeat : unsigned char {
  never,
  on_request,  ///< only where the endpoint asks for it: simple clients may take it for an empty item
  always,
};

/// How the items of a stream become bytes. One file each in this folder, which describes the format and makes
/// its encoders: its function `NAME_format()` is listed in `CMakeLists.txt`.
struct Format {
  config::Component description;
  std::string_view media_type;    ///< what `Accept` has to name; empty where it is not for HTTP responses
  std::string_view content_type;  ///< the header of the response: the media type and its parameters
  std::string_view other_media_type = {};  ///< another name for it in `Accept`
  bool binary = false;                     ///< whether what it writes is no text
  bool compressible = true;                ///< whether gzip is worth while over HTTP
  /// Whether what it writes at the end tells a stream that has ended from one that broke, however the
  /// connection is closed.
  bool says_end = false;
  /// Whether what it makes of an item depends on that item alone, so that those who read the same can share
  /// it.
  bool itemwise = true;
  /// Whether it can say where a stream stands that has no item yet.
  bool says_position = false;
  /// Whether a WebSocket client may ask for it by `?format=`, to get each item as a message.
  bool over_websocket = false;
  ByAccept by_accept = ByAccept::always;
  Heartbeat heartbeat = Heartbeat::never;
  /// One for each stream, used on one thread. Never null.
  std::unique_ptr<generators::Encoder> (*make)(const FormatOptions& options) = nullptr;

  std::string_view name() const noexcept { return description.name; }
  bool over_http() const noexcept { return !media_type.empty(); }
};

/// All of them, in the order of `CMakeLists.txt`; the first is the default. Generated.
std::vector<Format> all_formats();

}  // namespace coyield::handlers
