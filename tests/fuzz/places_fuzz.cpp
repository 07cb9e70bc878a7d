#include <coyield/handlers/places.hpp>

#include "fuzz.hpp"

// The first line is the id of an item, and ends at the first line feed; the rest is an id of a whole event
// stream, of two targets.

namespace {

using namespace coyield;
using fuzz::require;
using handlers::Places;

std::string written(const Places& places) {
  generators::Buffer out;
  places.write(out);
  return std::string(out.view());
}

/// Nothing that a header, an event stream or the list itself could take for something of its own.
bool is_harmless(std::string_view text) {
  for (const char c : text) {
    if (c <= ' ' || c > '~') return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = fuzz::as_text(data, size);
  const std::string_view id = fuzz::take(rest, rest.find('\n'));
  fuzz::take(rest, 1);
  const std::vector<std::string> targets{"/a", "/b"};

  Places places(targets);
  places.pass(1, id);
  require(is_harmless(written(places)), "what is written can stand anywhere");
  Places again(targets);
  require(again.read(written(places)).has_value(), "what is written can be read");
  require(again.id(0).empty() && again.id(1) == id && !again.ended(1), "and says the same");

  Places read(targets);
  // Nobody hits the sum by chance.
  const std::string text = written(Places(targets)).substr(0, 8) + std::string(rest);
  if (read.read(text)) require(written(read) == text, "only what would be written is read");
  return 0;
}
