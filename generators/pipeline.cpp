#include <coyield/generators/pipeline.hpp>

#include <coyield/generators/failure.hpp>
#include <stdexcept>
#include <utility>

namespace coyield::generators {

namespace {

template <class Component>
const Component& known(const Component* component, const std::string& name) {
  if (component == nullptr) throw std::logic_error("the registry has no \"" + name + "\"");
  return *component;
}

}  // namespace

Pipeline::Pipeline(const config::ComponentConfig& source,
                   const std::vector<config::ComponentConfig>& operators, const Registry& registry)
    : source_config_(source), source_(&known(registry.find_source(source.name()), source.name())) {
  for (const config::ComponentConfig& config : operators) {
    const Operator& op = known(registry.find_operator(config.name()), config.name());
    stages_.push_back({config, &op});
    if (op.positions == Positions::lost && forgets_positions_ == nullptr)
      forgets_positions_ = &op.description;
  }
}

config::Resolved<AsyncGenerator<Item>> Pipeline::start(const config::RequestValues& values,
                                                       SourceContext context) const {
  if (!context.resume_after.empty() && (!source_->resumable || forgets_positions_ != nullptr))
    refuse_to_resume();
  auto arguments = source_config_.resolve(values);
  if (!arguments) return arguments.error();
  AsyncGenerator<Item> stream = source_->start(*std::move(arguments), std::move(context));
  for (const Stage& stage : stages_) {
    auto of_stage = stage.config.resolve(values);
    if (!of_stage) return of_stage.error();
    stream = stage.op->apply(std::move(stream), *std::move(of_stage));
  }
  return stream;
}

void Pipeline::refuse_to_resume() const {
  const std::string why = !source_->resumable
                              ? "the items of its source \"" + source_->description.name + "\" have no ids"
                              : "its operator \"" + forgets_positions_->name +
                                    "\" counts or groups the items, and would come out differently";
  throw Failure(FailureKind::conflict, "this stream cannot go on behind an id: " + why +
                                           "; ask without Last-Event-ID and last_event_id");
}

}  // namespace coyield::generators
