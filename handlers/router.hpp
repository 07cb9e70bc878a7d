#pragma once

#include <coyield/config/route_pattern.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace coyield::handlers {

/// Finds the endpoint of a path. A literal segment goes before a parameter, a parameter before the rest of
/// the path; where that leads nowhere, the next is tried. The order of adding plays no part.
class Router {
 public:
  /// What the segments of a path were for: the names of the pattern with what they stand for.
  using PathValues = std::vector<std::pair<std::string, std::string>>;
  struct Match {
    std::size_t endpoint;
    PathValues values;
  };

  Router();
  ~Router();
  Router(Router&&) noexcept;
  Router& operator=(Router&&) noexcept;

  /// False when another pattern matches the same paths.
  bool add(const config::RoutePattern& pattern, std::size_t endpoint);

  std::optional<Match> find(std::span<const std::string> segments) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
  std::vector<config::RoutePattern> patterns_;  // by their order of adding
};

}  // namespace coyield::handlers
