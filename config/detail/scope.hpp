#pragma once
#include <coyield/config/component.hpp>
#include <coyield/config/document.hpp>
#include <coyield/config/problem.hpp>
#include <coyield/config/route_pattern.hpp>
#include <coyield/config/template.hpp>
#include <functional>
#include <optional>
#include <string>

namespace coyield::config::detail {

/// What one reading of a configuration works with.
struct Reading {
  std::string file;
  const Catalogue& catalogue;
  const Environment& environment;
  Problems problems = {};
};

/// A place in the configuration: knows its path, and takes the problems found there.
class Scope {
 public:
  explicit Scope(Reading& reading) : reading_(&reading) {}

  Scope key(std::string_view name) const;
  Scope index(std::size_t number) const;
  /// The same place with the pattern of the endpoint around it.
  Scope within(const RoutePattern* pattern) const;

  void problem(Position position, Mistake mistake) const;

  const Catalogue& catalogue() const { return reading_->catalogue; }
  const Environment& environment() const { return reading_->environment; }
  /// Null outside of endpoints, and where the pattern is not known.
  const RoutePattern* pattern() const { return pattern_; }
  std::size_t problem_count() const { return reading_->problems.size(); }

 private:
  Reading* reading_;
  std::string path_;
  const RoutePattern* pattern_ = nullptr;
};

/// Calls `visit` with each member of an object once; one whose key stood before is a problem and left out.
void each_member(const Scope& scope, const Node::Object& object,
                 const std::function<void(const Member&)>& visit);

/// A text with the environment's values in it; nothing, and a problem, where it cannot be one.
std::optional<Template> read_template(const Scope& scope, const Node& node);

/// A value that no request has a part in.
std::optional<Value> read_value(const Scope& scope, const Parameter& description, const Node& node);

}  // namespace coyield::config::detail
