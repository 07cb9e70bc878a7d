#include <coyield/generators/json_finder.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/dedupe.hpp>
#include <nlohmann/json.hpp>
#include <optional>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;
using config::Mistake;
using Json = nlohmann::json;

constexpr std::int64_t default_keys = 10'000;
constexpr std::int64_t most_keys = 10'000'000;

/// One place, or a list of them.
std::vector<std::string> places_of(const Json& by) {
  if (by.is_string()) return {by.get<std::string>()};
  return by.get<std::vector<std::string>>();
}

/// What is compared of an item, as one text: of each place what is written there, how long that is, and what
/// it is, so that no two others make the same.
class ItemKey {
 public:
  explicit ItemKey(const Json& by) {
    for (const std::string& place : places_of(by))
      places_.push_back(finder_.add(parse_pointer(place).value()));
    found_.resize(finder_.size());
  }

  const std::string& operator()(const Item& item) {
    key_.clear();
    finder_.find(item, found_);
    key_ += static_cast<char>(item.kind());
    for (const std::size_t place : places_) {
      const std::string_view raw = found_[place].raw();
      const std::size_t size = raw.size();
      key_ += static_cast<char>(found_[place].kind());
      key_.append(reinterpret_cast<const char*>(&size), sizeof size);
      key_ += raw;
    }
    return key_;
  }

 private:
  JsonFinder finder_;
  std::vector<std::size_t> places_;
  std::vector<JsonValue> found_;
  std::string key_;
};

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments, OperatorContext) {
  const auto* within = arguments.find<std::chrono::nanoseconds>("within");
  DedupeBounds bounds;
  bounds.max_keys = static_cast<std::size_t>(arguments.get<std::int64_t>("keys"));
  bounds.max_bytes = arguments.get<config::Size>("bytes").bytes;
  if (within != nullptr) bounds.within = *within;
  return dedupe(std::move(upstream), ItemKey(arguments.get<Json>("by")), bounds);
}

std::optional<Mistake> mistake_in(const Json& place) {
  const auto* text = place.get_ptr<const std::string*>();
  if (text == nullptr)
    return Mistake{place.dump(-1, ' ', true, Json::error_handler_t::replace) + " is no place in the item",
                   R"(write "/name")"};
  const auto pointer = parse_pointer(*text);
  if (!pointer) return pointer.error();
  return std::nullopt;
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  config::ParameterMistakes mistakes;
  const auto& by = arguments.get<Json>("by");
  if (!by.is_array()) {
    if (auto mistake = mistake_in(by)) mistakes.push_back({"by", *std::move(mistake)});
    return mistakes;
  }
  if (by.empty()) mistakes.push_back({"by", {"no place is in the list", R"(write "" for the whole item)"}});
  for (std::size_t i = 0; i < by.size(); ++i) {
    if (auto mistake = mistake_in(by[i]))
      mistakes.push_back({"by", *std::move(mistake), Json::json_pointer() / i});
  }
  return mistakes;
}

}  // namespace

Operator dedupe_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "dedupe",
           .summary = "Only items that have not come before.",
           .parameters =
               {{.name = "by",
                 .type = ParameterType::json,
                 .summary =
                     "The place in the items that is compared, as a JSON Pointer, or a list of places that "
                     "are compared together: \"/id\", [\"/host\", \"/msg\"]. \"\" is the whole item.",
                 .default_value = Json("")},
                {.name = "within",
                 .type = ParameterType::duration,
                 .summary = "For how long a key is remembered after it was seen last, be it on an item that "
                            "was dropped. Without it: as long as there is room.",
                 .minimum = 1ms,
                 .maximum = 8760h},
                {.name = "keys",
                 .type = ParameterType::integer,
                 .summary = "How many keys are remembered.",
                 .default_value = default_keys,
                 .minimum = 1,
                 .maximum = most_keys,
                 .request_values = false},
                {.name = "bytes",
                 .type = ParameterType::size,
                 .summary = "How much memory they may take in one stream.",
                 .default_value = config::Size{std::uint64_t{4} << 20},
                 .minimum = config::Size{1},
                 .maximum = config::Size{std::uint64_t{1} << 30},
                 .request_values = false}},
           .main = "by",
           .example = R"({ "dedupe": { "by": "/id", "within": "10m" } })",
           .details =
               "Where there is no room for one more key, in number or in bytes, the one that was seen least "
               "recently is forgotten, and an item that has it passes again: of what came before, nothing "
               "longer ago is known than the last `keys` different ones. Compares what is written: 1 and "
               "1.0 differ, and so do two objects with the same members in another order. Items that do not "
               "have the place are the same there. Ids and event names do not count, and stay. A gap "
               "passes, and nothing is forgotten. See distinct for one that compares with the item before "
               "only, and remembers nothing else. A stream cannot be resumed behind it: it would have "
               "forgotten what it saw, and give again what has been given.",
           .check = &check},
      .positions = Positions::lost,
      .apply = &apply};
}

}  // namespace coyield::generators
