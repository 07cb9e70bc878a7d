#include <coyield/handlers/params.hpp>

namespace coyield::handlers {

std::optional<std::string> Params::find(std::string_view name) const {
  if (auto value = values_.find(config::Origin::path, name)) return value;
  return values_.find(config::Origin::query, name);
}

void Params::refuse(std::string_view name, std::string_view why) {
  throw generators::Failure(generators::FailureKind::invalid,
                            "the parameter \"" + std::string(name) + "\" " + std::string(why));
}

void Params::refuse_text(std::string_view name, std::string_view text, std::string_view wanted) {
  refuse(name, "is " + config::in_quotes(text) + ", and must be " + std::string(wanted));
}

}  // namespace coyield::handlers
