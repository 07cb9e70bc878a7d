#include <coyield/handlers/json_of_query.hpp>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace coyield::handlers {

namespace {

using Json = nlohmann::json;

Json list_of_pointers(std::string_view text) {
  Json list = Json::array();
  for (;;) {
    const auto comma = text.find(',');
    const std::string_view one = text.substr(0, comma);
    list.push_back((one.starts_with('/') ? "" : "/") + std::string(one));
    if (comma == std::string_view::npos) return list;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

config::Checked<config::Value> json_of_query(std::string_view text) {
  if (text.size() > most_json_in_query)
    return config::Mistake{"it has more than " + std::to_string(most_json_in_query) + " bytes", "write less"};
  if (!text.starts_with('{') && !text.starts_with('[')) return config::Value(list_of_pointers(text));
  bool too_deep = false;
  const auto look = [&too_deep](int depth, Json::parse_event_t, const Json&) {
    too_deep |= depth > deepest_json_in_query;
    return true;
  };
  Json json = Json::parse(text, look, false);
  if (json.is_discarded()) return config::Mistake{"it is not JSON", "write it like {\"/level\":\"error\"}"};
  if (too_deep) {
    return config::Mistake{"it is nested more than " + std::to_string(deepest_json_in_query) + " deep",
                           "write it flatter"};
  }
  return config::Value(std::move(json));
}

}  // namespace coyield::handlers
