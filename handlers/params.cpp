#include <coyield/handlers/params.hpp>

namespace coyield::handlers {

std::string last_event_id(const config::RequestValues& values) {
  if (auto header = values.find(config::Origin::header, "Last-Event-ID")) return *std::move(header);
  return values.find(config::Origin::query, "last_event_id").value_or(std::string());
}

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
