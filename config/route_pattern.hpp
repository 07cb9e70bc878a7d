#pragma once
#include <coyield/config/mistake.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::config {

/// The paths that an endpoint answers to: `/count/{n}`, `/files/{name...}`.
///
/// A segment is literal text (decoded, as a person writes it), or `{name}`, which stands for one segment, or,
/// as the last one, `{name...}`, which stands for the rest of the path, one segment or more.
struct RoutePattern {
  struct Segment {
    enum class Kind { literal, parameter, rest };
    Kind kind = Kind::literal;
    std::string text;  ///< the literal, or the name

    bool operator==(const Segment&) const = default;
  };

  std::string text = "/";
  std::vector<Segment> segments = {};  ///< none for `/`

  /// The names of the parameters, in order.
  std::vector<std::string> names() const;

  bool operator==(const RoutePattern&) const = default;
};

/// Checks and splits a pattern. Paths under `/.coyield/` are the program's own and refused.
Checked<RoutePattern> parse_route_pattern(std::string_view text);

/// Whether both match exactly the same paths, so that one could never be reached; names do not count.
bool same_paths(const RoutePattern& a, const RoutePattern& b);

}  // namespace coyield::config
