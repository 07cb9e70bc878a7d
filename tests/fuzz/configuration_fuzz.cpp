#include <coyield/config/load.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/source.hpp>
#include <coyield/generators/utf8.hpp>
#include <coyield/handlers/formats/format.hpp>

#include "fuzz.hpp"

// Whatever is in a configuration file, it is either taken or refused with problems, each of which is one line
// that can be shown at a terminal, in the order of their lines.

namespace {

using namespace coyield;
using fuzz::require;

const config::Catalogue& catalogue() {
  static const config::Catalogue all = [] {
    config::Catalogue made;
    for (const generators::Source& source : generators::all_sources()) made.add(source.description);
    for (const generators::Operator& op : generators::all_operators()) made.add(op.description);
    for (const handlers::Format& format : handlers::all_formats()) made.add(format.description);
    return made;
  }();
  return all;
}

std::optional<std::string> environment(std::string_view name) {
  if (name == "NUMBER") return "5";
  if (name == "TEXT") return "${path.name}\n\xff";
  return std::nullopt;
}

void check(const config::Problems& problems) {
  require(!problems.empty(), "what is refused is refused for a reason");
  int line = 0;
  for (const config::Problem& problem : problems) {
    require(!problem.what.empty(), "a problem says what is wrong");
    require(problem.line >= line, "problems stand in the order of their lines");
    line = problem.line;
    const std::string text = to_string(problem);
    require(generators::is_utf8(text), "a problem is UTF-8");
    for (const char c : text) require(c >= ' ' || c < 0, "a problem is one line");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded = config::load(fuzz::as_text(data, size), "fuzz.json", catalogue(), &environment);
  if (!loaded) check(loaded.error());
  return 0;
}
