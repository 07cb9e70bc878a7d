#pragma once

#include <coyield/config/component.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/source.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace coyield::generators {

/// The sources and operators of a program, by name. `main` fills one and hands it on; there is no global.
class Registry {
 public:
  /// Throws std::logic_error when the name is taken, or the description contradicts itself.
  void add(Source source);
  void add(Operator op);

  /// Null if there is none of that name. Lives as long as the registry.
  const Source* find_source(std::string_view name) const;
  const Operator* find_operator(std::string_view name) const;

  /// The descriptions of all of them, for reading a configuration. Formats are added by whoever has them.
  config::Catalogue catalogue() const;

 private:
  std::map<std::string, Source, std::less<>> sources_;
  std::map<std::string, Operator, std::less<>> operators_;
};

}  // namespace coyield::generators
