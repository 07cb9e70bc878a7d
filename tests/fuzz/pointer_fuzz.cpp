#include <coyield/generators/json_check.hpp>
#include <coyield/generators/json_finder.hpp>
#include <nlohmann/json.hpp>
#include <vector>

#include "fuzz.hpp"

// Lines are pointers, up to an empty one; the rest is JSON. What is found there in one pass is what one finds
// by going from token to token through nlohmann's tree.

namespace {

using namespace coyield::generators;
using coyield::fuzz::require;
using coyield::fuzz::take;
using nlohmann::json;

std::vector<JsonPointer> take_pointers(std::string_view& input) {
  std::vector<JsonPointer> all;
  for (;;) {
    const std::string_view line = take(input, input.find('\n'));
    take(input, 1);
    const auto pointer = parse_pointer(line);
    if (pointer) {
      require(to_string(*pointer) == line, "a pointer is written as it was read");
      all.push_back(*pointer);
    } else {
      require(!pointer.error().what.empty(), "what is refused is refused for a reason");
    }
    if (line.empty() || all.size() == 16) return all;
  }
}

const json* step(const json& from, const std::string& token) {
  if (from.is_object()) {
    const auto found = from.find(token);
    return found == from.end() ? nullptr : &*found;
  }
  const auto index = array_index(token);
  return from.is_array() && index && *index < from.size() ? &from[*index] : nullptr;
}

const json* walk(const json& tree, const JsonPointer& pointer) {
  const json* at = &tree;
  for (const std::string& token : pointer.tokens) {
    if (at != nullptr) at = step(*at, token);
  }
  return at;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest = coyield::fuzz::as_text(data, size);
  const std::vector<JsonPointer> pointers = take_pointers(rest);
  if (!is_json(rest)) return 0;
  JsonFinder finder;
  std::vector<std::size_t> places;
  for (const JsonPointer& pointer : pointers) places.push_back(finder.add(pointer));
  std::vector<JsonValue> found(finder.size());
  finder.find(Item::json(rest), found);

  const json tree = json::parse(rest, nullptr, false);
  if (tree.is_discarded()) return 0;  // a number that no double holds
  for (std::size_t i = 0; i < pointers.size(); ++i) {
    const JsonValue& value = found[places[i]];
    const json* expected = walk(tree, pointers[i]);
    require((expected == nullptr) == (value.kind() == JsonValue::Kind::missing), "it is there or it is not");
    if (expected != nullptr) require(value.equals(*expected), "it is what stands there");
  }
  return 0;
}
