#include <algorithm>
#include <coyield/config/document.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/operators/condition.hpp>
#include <coyield/generators/operators/json_edit.hpp>
#include <coyield/generators/operators/selection.hpp>
#include <nlohmann/json.hpp>

#include "fuzz.hpp"

// The first line is what stands behind `where`, `select` or `set` in a configuration, and is tried as each of
// them; the rest is an item.

namespace {

using namespace coyield;
using namespace coyield::generators;
using fuzz::require;
using nlohmann::json;

void check(const config::Mistake& mistake) {
  require(!mistake.what.empty(), "what is refused is refused for a reason");
}

void check_where(const json& written, const Item& item) {
  for (const Texts texts : {Texts::written, Texts::from_request}) {
    auto condition = Condition::compile(written, texts);
    if (!condition) return check(condition.error());
    const bool holds = condition->holds(item);
    require(condition->holds(item) == holds, "asked again, it says the same");
    auto opposite = Condition::compile(json{{"not", written}}, texts);
    require(opposite.has_value(), "a condition can be negated");
    require(opposite->holds(item) != holds, "either a condition holds or its opposite");
  }
}

template <class Change>
void check_change(const json& written, std::string_view payload, bool is_object) {
  auto change = Change::compile(written);
  if (!change) return check(change.error());
  Item item = is_json(payload) ? Item::json(payload) : Item::text(payload);
  item.set_id("7");
  change->apply(item);
  require(item.id() == "7", "the id stays");
  if (item.kind() == PayloadKind::json) require(is_json(item.payload()), "what comes of it is JSON");
  if (is_object) require(item.payload().starts_with('{'), "what comes of it is an object");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view payload = fuzz::as_text(data, size);
  const std::string_view line = fuzz::take(payload, payload.find('\n'));
  fuzz::take(payload, 1);
  config::Problems problems;
  const auto document = config::read_document(line, "fuzz", problems);
  if (!document) return 0;
  // What is put into an object is one level deeper, and might be too deep for the check.
  if (std::count(payload.begin(), payload.end(), '[') + std::count(payload.begin(), payload.end(), '{') > 256)
    return 0;
  const json written = to_json(*document);
  check_where(written, is_json(payload) ? Item::json(payload) : Item::text(payload));
  check_change<Selection>(written, payload, true);
  check_change<JsonEdit>(written, payload, false);
  return 0;
}
