#pragma once

#include <coyield/generators/shared_log.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/encoded_log.hpp>
#include <coyield/server/shares.hpp>
#include <memory>

namespace coyield::server {

/// One client of a shared stream.
struct Subscriber {
  /// Throws Failure where the stream cannot be had, or not from where the client wants it.
  Subscriber(Shares& shares, const handlers::Subscription& wanted, const handlers::StreamOptions& options,
             generators::Event& changed)
      : stream(shares.open(wanted, options.number)),
        encoded(options.itemwise ? stream->encoded(options) : nullptr),
        cursor(stream->log_pointer(), wanted.begin, changed) {}

  std::shared_ptr<SharedStream> stream;
  std::shared_ptr<EncodedLog> encoded;  ///< none: the format can share nothing
  generators::Cursor cursor;
};

}  // namespace coyield::server
