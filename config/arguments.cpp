#include <coyield/config/arguments.hpp>
#include <stdexcept>

namespace coyield::config {

std::size_t Arguments::index_of(std::string_view name) const {
  auto index = component().find(name);
  if (!index) throw std::logic_error(component().name + " has no parameter " + in_quotes(name));
  return *index;
}

bool Arguments::reads_input() const {
  const std::string& condition = component().reads_input_if;
  if (condition.empty()) return component().reads_input;
  const bool* chosen = find<bool>(condition);
  return chosen != nullptr && *chosen;
}

void Arguments::throw_no_value(std::string_view name) const {
  throw std::logic_error(component().name + ": the parameter " + in_quotes(name) +
                         " was asked for as another type than its own, or has no value");
}

}  // namespace coyield::config
