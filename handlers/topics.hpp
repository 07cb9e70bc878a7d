#pragma once

#include <chrono>
#include <coyield/config/configuration.hpp>
#include <coyield/generators/topic.hpp>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::handlers {

/// What holds for one topic, whichever endpoint it is reached through.
struct TopicRule {
  std::size_t number = 0;  ///< of the endpoint that says it, in the order of adding
  generators::TopicOptions options = {};
  std::chrono::nanoseconds linger = std::chrono::hours(1);  ///< while nobody publishes or reads
  unsigned max_instances = 1000;                            ///< topics, by the rule of that endpoint
};

/// What the endpoints over topics say of them. Filled before the server starts, and read by all threads then.
///
/// A topic is kept as the first endpoint says that serves it as it is, else the first that is over it at all;
/// its rates are those of the first that can be published to. Where the configuration has passed its check,
/// no other one says otherwise.
class TopicRules {
 public:
  void add(const config::EndpointConfig& endpoint, std::size_t number);
  /// Of the topic of that name. Throws Failure(not_found) where no endpoint is over it.
  TopicRule find(std::string_view name) const;

 private:
  struct Entry {
    config::Template names;
    config::EndpointConfig endpoint;
    std::size_t number;
  };
  template <class Matches>
  const Entry* find_first(std::string_view name, Matches matches) const;

  std::vector<Entry> entries_;
};

}  // namespace coyield::handlers
