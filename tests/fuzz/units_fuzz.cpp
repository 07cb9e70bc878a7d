#include <coyield/config/units.hpp>

#include "fuzz.hpp"

// What is read as a duration or a size is written as a text that reads back as the same.

using namespace coyield::config;
using coyield::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = coyield::fuzz::as_text(data, size);
  if (const auto duration = parse_duration(text)) {
    require(duration->count() >= 0, "a duration has no sign");
    const auto again = parse_duration(format_duration(*duration));
    require(again && *again == *duration, "a duration reads back");
  }
  if (const auto bytes = parse_size(text)) {
    const auto again = parse_size(format_size(*bytes));
    require(again && *again == *bytes, "a size reads back");
  }
  return 0;
}
