#pragma once

#include <coyield/config/configuration.hpp>
#include <optional>
#include <string>
#include <vector>

namespace coyield::handlers {

/// A value that a request may bring to an endpoint, and what it is for.
struct RequestParameter {
  config::Reference reference = {};
  bool rest = false;                         ///< of a path: one segment or more
  std::optional<std::string> fallback = {};  ///< without one, it has to be there
  /// Of the source or operator that takes it: `clock.interval`. Empty where the endpoint is a function.
  std::string of = {};
  /// What it is there, where the value is all of that parameter; its type and its bounds hold. Lives as long
  /// as the endpoint's configuration.
  const config::Parameter* described = nullptr;
};

/// All of them, each once: those of the path in its order, then the others as the configuration has them. Of
/// an endpoint that is a function in C++, only those of its path are known.
std::vector<RequestParameter> request_parameters(const config::EndpointConfig& endpoint);

}  // namespace coyield::handlers
