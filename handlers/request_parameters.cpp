#include <coyield/handlers/request_parameters.hpp>

#include <algorithm>

namespace coyield::handlers {

namespace {

using config::Origin;
using config::RoutePattern;

/// `where.condition /level`: an operator, its parameter, and the place in that.
std::string name_of(const config::Component& component, const config::Parameter& parameter,
                    const config::ArgumentTemplate::Part& part) {
  std::string name = component.name + "." + parameter.name;
  for (auto place = part.place; !place.empty(); place.pop_back()) {
    if (place.parent_pointer().empty()) name += " " + place.back();
  }
  return name;
}

bool is_whole_value(const config::Parameter& parameter, const config::ArgumentTemplate::Part& part) {
  const bool holds_texts =
      parameter.type == config::ParameterType::json || parameter.type == config::ParameterType::list;
  return !holds_texts && part.text.pieces().size() == 1;
}

class Collector {
 public:
  void add_path(const RoutePattern& pattern) {
    for (const auto& segment : pattern.segments) {
      if (segment.kind == RoutePattern::Segment::Kind::literal) continue;
      all_.push_back({.reference = {Origin::path, segment.text},
                      .rest = segment.kind == RoutePattern::Segment::Kind::rest});
    }
  }
  void add(const config::ComponentConfig& config) {
    config::each_component(config, [this](const config::ComponentConfig& component) {
      for (const auto& argument : component.templates()) {
        for (const auto& part : argument.parts)
          add(component.component(), component.component().parameters[argument.parameter], part);
      }
    });
  }
  std::vector<RequestParameter> take() { return std::move(all_); }

 private:
  void add(const config::Component& component, const config::Parameter& parameter,
           const config::ArgumentTemplate::Part& part) {
    for (const auto& piece : part.text.pieces()) {
      if (!piece.origin) continue;
      RequestParameter& one = find({*piece.origin, piece.text});
      if (!one.of.empty()) continue;  // where it is used first
      one.of = name_of(component, parameter, part);
      one.fallback = piece.fallback;
      if (is_whole_value(parameter, part)) one.described = &parameter;
    }
  }
  RequestParameter& find(config::Reference reference) {
    const auto found = std::find_if(all_.begin(), all_.end(),
                                    [&](const RequestParameter& one) { return one.reference == reference; });
    if (found != all_.end()) return *found;
    all_.push_back({.reference = std::move(reference)});
    return all_.back();
  }

  std::vector<RequestParameter> all_;
};

}  // namespace

std::vector<RequestParameter> request_parameters(const config::EndpointConfig& endpoint) {
  Collector collector;
  collector.add_path(endpoint.pattern);
  if (!endpoint.source.empty()) collector.add(endpoint.source);
  for (const auto& step : endpoint.pipeline) collector.add(step);
  return collector.take();
}

}  // namespace coyield::handlers
