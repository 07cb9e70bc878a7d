#include <coyield/handlers/weighted_list.hpp>

#include <algorithm>
#include <charconv>
#include <coyield/handlers/fields.hpp>

namespace coyield::handlers {

namespace {

double quality_of(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::size_t semicolon = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = trim(parameters.substr(0, semicolon));
    parameters.remove_prefix(std::min(semicolon + 1, parameters.size()));
    if (parameter.size() < 2 || !equal_ignoring_case(parameter.substr(0, 2), "q=")) continue;
    double quality = 0;
    const std::string_view digits = parameter.substr(2);
    std::from_chars(digits.data(), digits.data() + digits.size(), quality);
    return std::clamp(quality, 0.0, 1.0);
  }
  return 1;
}

}  // namespace

std::vector<Weighted> parse_weighted(std::string_view list) {
  std::vector<Weighted> elements;
  for (std::string_view element = next_element(list); !element.empty(); element = next_element(list)) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view name = trim(element.substr(0, semicolon));
    if (name.empty()) continue;
    elements.push_back({name, quality_of(element.substr(std::min(semicolon + 1, element.size())))});
  }
  return elements;
}

std::string joined(const Request& request, std::string_view name) {
  std::string list;
  for (const Field& field : request.fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (!list.empty()) list += ", ";
    list += field.value;
  }
  return list;
}

}  // namespace coyield::handlers
