#include <coyield/handlers/fields.hpp>
#include <coyield/handlers/request.hpp>

namespace coyield::handlers {

std::optional<std::string_view> Request::find(std::string_view name) const noexcept {
  for (const Field& field : fields) {
    if (field.name.size() == name.size() && equal_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

}  // namespace coyield::handlers
