#pragma once

#include <algorithm>
#include <chrono>
#include <coyield/generators/gauge.hpp>
#include <coyield/generators/shared_log.hpp>
#include <coyield/handlers/monitor.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/server/encoded_log.hpp>
#include <coyield/server/shares.hpp>
#include <memory>

namespace coyield::server {

/// One client of a shared stream.
struct Subscriber {
  // On its own thread.

  /// Throws Failure where the stream cannot be had, or not from where the client wants it.
  Subscriber(Shares& shares, std::unique_ptr<handlers::Subscription> subscription,
             const handlers::StreamOptions& options, generators::Event& changed)
      : stream(shares.open(*subscription, options.number)),
        encoded(options.itemwise ? stream->encoded(options) : nullptr),
        cursor(stream->log_pointer(), subscription->begin, changed) {
    if (subscription->begin.catches_up) make = std::move(subscription->make);
    note(std::chrono::steady_clock::now().time_since_epoch());
  }

  /// Notes how far it is at the time `now`, for others to see.
  void note(std::chrono::nanoseconds now) noexcept {
    const generators::ItemLog& log = stream->log().log();
    const std::uint64_t behind = cursor.begun() ? log.bytes_from(std::max(cursor.offset(), log.first())) : 0;
    seen_bytes.set(log.bytes_ever() - behind);
    if (behind == 0) had_all.set(static_cast<std::uint64_t>(now.count()));
  }

  std::shared_ptr<SharedStream> stream;
  std::shared_ptr<EncodedLog> encoded;  ///< none: the format can share nothing
  generators::Cursor cursor;
  /// The stream by itself, behind an id: for one that catches up.
  std::function<generators::AsyncGenerator<generators::Item>(generators::SourceContext)> make;
  generators::Gauge<std::uint64_t> seen_bytes;  ///< of all that the log has ever had
  generators::Gauge<std::uint64_t> had_all;     ///< when that was so, in nanoseconds of the steady clock

  // On any thread.

  handlers::Lag lag(std::chrono::nanoseconds now) const noexcept {
    const generators::SharedLog& log = stream->log();
    const std::uint64_t end = log.figures().end.value();
    const std::uint64_t bytes = log.figures().bytes.value();
    const std::uint64_t offset = std::min(cursor.offset(), end);
    handlers::Lag lag{.items = end - offset, .bytes = bytes - std::min(seen_bytes.value(), bytes)};
    if (lag.items != 0) lag.time = now - std::chrono::nanoseconds(had_all.value());
    return lag;
  }
};

}  // namespace coyield::server
