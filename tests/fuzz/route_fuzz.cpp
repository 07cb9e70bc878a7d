#include <coyield/config/route_pattern.hpp>
#include <coyield/handlers/router.hpp>
#include <coyield/handlers/target.hpp>
#include <set>

#include "fuzz.hpp"

// The first line is a target, all others are patterns. Whichever route is found, its pattern with the values
// put in its place is the path again.

namespace {

using namespace coyield;
using fuzz::require;
using Segment = config::RoutePattern::Segment;

std::string_view take_line(std::string_view& text) {
  const std::string_view line = fuzz::take(text, text.find('\n'));
  fuzz::take(text, 1);
  return line;
}

void check(const handlers::Target& target) {
  for (const std::string& segment : target.segments) {
    require(!segment.empty() && segment != "." && segment != "..", "a path leads nowhere but down");
    require(segment.find('\0') == std::string::npos, "a segment has no NUL");
  }
}

std::string joined(const std::vector<std::string>& segments) {
  std::string all;
  for (const std::string& segment : segments) all += '/' + segment;
  return all;
}

std::string filled(const config::RoutePattern& pattern, const handlers::Router::PathValues& values) {
  std::string path;
  std::size_t next = 0;
  for (const Segment& segment : pattern.segments) {
    if (segment.kind == Segment::Kind::literal) {
      path += '/' + segment.text;
      continue;
    }
    require(next < values.size() && values[next].first == segment.text, "values stand in their order");
    path += '/' + values[next++].second;
  }
  require(next == values.size(), "there is a value for each name");
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const auto target = handlers::parse_target(take_line(rest));
  std::vector<config::RoutePattern> patterns;
  handlers::Router router;
  while (!rest.empty() && patterns.size() < 16) {
    const auto pattern = config::parse_route_pattern(take_line(rest));
    if (!pattern) continue;
    require(config::same_paths(*pattern, *pattern), "a pattern is like itself");
    require(config::parse_route_pattern(pattern->text).value() == *pattern, "a pattern reads back");
    const bool taken = std::any_of(patterns.begin(), patterns.end(),
                                   [&](const auto& other) { return config::same_paths(other, *pattern); });
    require(router.add(*pattern, patterns.size()) != taken, "no two patterns match the same paths");
    if (!taken) patterns.push_back(*pattern);
  }
  if (!target) return 0;
  check(*target);
  const auto found = router.find(target->segments);
  if (found) {
    require(filled(patterns.at(found->endpoint), found->values) == joined(target->segments),
            "the route is that of the path");
  }
  return 0;
}
