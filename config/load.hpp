#pragma once
#include <boost/system/result.hpp>
#include <coyield/config/configuration.hpp>
#include <coyield/config/problem.hpp>
#include <string>
#include <string_view>

namespace coyield::config {

template <class T>
using Loaded = boost::system::result<T, Problems>;

/// Reads a configuration: JSON with comments, checked against the descriptions in `catalogue`.
///
/// Every problem is reported, in the order of the lines; only a syntax error hides others. `${env.X}` is
/// filled in from `environment`. `file_name` is what the problems carry.
Loaded<Configuration> load(std::string_view text, std::string_view file_name, const Catalogue& catalogue,
                           const Environment& environment = process_environment());

/// The same for a file. One that cannot be read is a problem too.
Loaded<Configuration> load_file(const std::string& path, const Catalogue& catalogue,
                                const Environment& environment = process_environment());

/// Reads one component alone, as `{ "counter": { "to": 5 } }`, the text that a description's `example` has.
/// It may use `${path.x}` of any name.
Loaded<ComponentConfig> load_component(ComponentKind kind, std::string_view text, const Catalogue& catalogue,
                                       const Environment& environment = process_environment());

}  // namespace coyield::config
