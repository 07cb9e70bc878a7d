#include <coyield/config/detail/keys.hpp>
#include <coyield/config/detail/value_schema.hpp>
#include <coyield/config/schema.hpp>

namespace coyield::config {

nlohmann::json schema(const Catalogue& catalogue) {
  auto out = detail::object_schema(detail::configuration_keys(), catalogue);
  out["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  out["title"] = "Configuration of coyield";
  out["description"] = "Endpoints, each an async generator, and the server that streams them.";
  out["$defs"] = {{"source", detail::component_schema(catalogue, ComponentKind::source)},
                  {"operator", detail::component_schema(catalogue, ComponentKind::operator_)}};
  return out;
}

}  // namespace coyield::config
