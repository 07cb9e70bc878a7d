#pragma once

#include <chrono>
#include <coyield/config/configuration.hpp>
#include <coyield/config/template.hpp>
#include <coyield/generators/hub.hpp>
#include <coyield/handlers/response.hpp>
#include <coyield/handlers/router.hpp>
#include <coyield/handlers/target.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace coyield::handlers {

generators::LogLimits limits_of(const config::Reach& reach);

/// Of an endpoint that has `share`, and is no topic.
Sharing sharing_of(const config::EndpointConfig& endpoint);

/// The values of a request that a shared stream is made with, kept: it may be made again when the request is
/// long over, on another thread.
class KeptValues final : public config::RequestValues {
 public:
  /// Exactly those that `references` name, of the endpoint's source and operators.
  KeptValues(const std::vector<config::Reference>& references, const config::RequestValues& values);
  /// For an endpoint that takes what it likes: those of its path and its query, but for the names of our own.
  KeptValues(const Target& target, const Router::PathValues& path);

  std::optional<std::string> find(config::Origin origin, std::string_view name) const override;
  /// The same for the same values alone.
  std::string key() const;

 private:
  void keep(config::Origin origin, std::string name, std::optional<std::string> value);

  std::vector<std::pair<config::Reference, std::optional<std::string>>> values_;
};

/// The values of a `KeptValues::key`, for people: names like `query.interval`. Those that the request did not
/// have are left out.
std::vector<std::pair<std::string, std::string>> values_of_key(std::string_view key);

/// Where a request wants to begin: `last_event_id`, `since`, `on_gap`. Throws a Failure(invalid).
generators::SubscribeOptions begin_of(const config::RequestValues& values, std::uint64_t since,
                                      bool catches_up);

/// How long a client waits that cannot read streams: the value of `wait`. Throws a Failure(invalid).
std::optional<std::chrono::nanoseconds> wait_of(const config::RequestValues& values);

/// The value of `on_gap`. Throws a Failure(invalid).
generators::OnGap on_gap_of(const config::RequestValues& values);

/// Fails, where the client wants that, when items are missing.
generators::AsyncGenerator<generators::Item> fail_on_gap(generators::AsyncGenerator<generators::Item> stream);

}  // namespace coyield::handlers
