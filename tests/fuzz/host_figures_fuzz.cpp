#include <cmath>
#include <coyield/generators/sources/host_figures.hpp>

#include "fuzz.hpp"

// Whatever is in /proc, it is figures or nothing.

using namespace coyield::generators;
using coyield::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coyield::fuzz::as_text(data, size);
  static_cast<void>(parse_stat(text));
  static_cast<void>(parse_meminfo(text));
  static_cast<void>(parse_net_dev(text));
  if (const auto load = parse_loadavg(text)) {
    for (const double mean : *load) require(std::isfinite(mean), "a mean is a number");
  }
  return 0;
}
