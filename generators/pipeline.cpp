#include <coyield/generators/pipeline.hpp>

#include <algorithm>
#include <coyield/generators/failure.hpp>
#include <memory>
#include <stdexcept>
#include <utility>

namespace coyield::generators {

namespace {

template <class Component>
const Component& known(const Component* component, const std::string& name) {
  if (component == nullptr) throw std::logic_error("the registry has no \"" + name + "\"");
  return *component;
}

OperatorContext context_of_operators(const SourceContext& context) {
  return {.max_item = context.max_item, .registry = context.registry};
}

void note_stage(const SourceContext& context, std::size_t place, const AsyncGenerator<Item>& stream) {
  if (context.trace) context.trace->attach(place, stream);
}

}  // namespace

Pipeline::Pipeline(const config::ComponentConfig& source,
                   const std::vector<config::ComponentConfig>& operators, const Registry& registry)
    : registry_(&registry),
      source_config_(source),
      source_(&known(registry.find_source(source.name()), source.name())),
      resuming_(source_->resuming_with(source.constants())) {
  names_.push_back(source_->description.name);
  for (const config::ComponentConfig& config : operators) {
    const Operator& op = known(registry.find_operator(config.name()), config.name());
    stages_.push_back({config, &op});
    names_.push_back(op.description.name);
    if (op.positions_with(config.constants()) == Positions::lost && forgets_positions_ == nullptr)
      forgets_positions_ = &op.description;
    if (op.apply_to_factory != nullptr) starts_again_ = true;
  }
}

/// All that makes the stream of one request: operators that start what stands before them again keep it.
struct Pipeline::Plan : std::enable_shared_from_this<Plan> {
  struct Applied {
    const Operator* op;
    config::Arguments arguments;
  };

  Plan(const Source& from, config::Arguments with, SourceContext in)
      : source(&from),
        arguments(std::move(with)),
        context(std::move(in)),
        source_resumable(from.resuming_with(arguments) != Resuming::never) {}

  /// The stream of the source and the first `count` operators. `begun`: who wants to know where it begins.
  AsyncGenerator<Item> start(std::size_t count, std::string resume_after,
                             std::shared_ptr<StartPosition> begun) {
    std::size_t next = count;
    while (next > 0 && operators[next - 1].op->apply_to_factory == nullptr) --next;
    if (!keep_positions(next, count)) begun.reset();
    AsyncGenerator<Item> stream;
    if (next == 0) {
      stream = start_source(std::move(resume_after), std::move(begun));
    } else {
      const Applied& starter = operators[next - 1];
      UpstreamFactory upstream = in_front_of(next - 1, std::move(resume_after), std::move(begun));
      stream = starter.op->apply_to_factory(std::move(upstream), starter.arguments);
    }
    note_stage(context, next, stream);
    for (; next < count; ++next) {
      stream = operators[next].op->apply(std::move(stream), operators[next].arguments,
                                         context_of_operators(context));
      note_stage(context, next + 1, stream);
    }
    return stream;
  }

  const Source* source;
  config::Arguments arguments;
  SourceContext context;
  bool source_resumable;
  std::vector<Applied> operators;

 private:
  AsyncGenerator<Item> start_source(std::string resume_after, std::shared_ptr<StartPosition> begun) {
    SourceContext mine = context.without_input();
    mine.input = std::move(context.input);
    mine.resume_after = std::move(resume_after);
    mine.start = source_resumable ? std::move(begun) : nullptr;
    return source->start(arguments, std::move(mine));
  }
  /// Whether the operators from the one to the other do.
  bool keep_positions(std::size_t from, std::size_t to) const {
    const auto keeps = [](const Applied& each) {
      return each.op->positions_with(each.arguments) == Positions::kept;
    };
    const auto at = [this](std::size_t place) {
      return operators.begin() + static_cast<std::ptrdiff_t>(place);
    };
    return std::all_of(at(from), at(to), keeps);
  }
  UpstreamFactory in_front_of(std::size_t place, std::string resume_after,
                              std::shared_ptr<StartPosition> begun) {
    const bool resumable = source_resumable && keep_positions(0, place);
    if (!resumable) begun.reset();
    if (resumable && !begun) begun = std::make_shared<StartPosition>();
    auto start_again = [self = shared_from_this(), place, begun](std::string behind) {
      return self->start(place, std::move(behind), begun);
    };
    return {.start = std::move(start_again),
            .resume_after = std::move(resume_after),
            .restartable = !arguments.reads_input(),
            .resumable = resumable,
            .begun = std::move(begun),
            .trace = context.trace};
  }
};

config::Resolved<AsyncGenerator<Item>> Pipeline::start(const config::RequestValues& values,
                                                       SourceContext context) const {
  if (!context.resume_after.empty() && !resumable()) refuse_to_resume();
  context.registry = registry_;
  if (context.trace) context.trace->begin(names_);
  if (!starts_again_) return start_once(values, std::move(context));
  auto arguments = source_config_.resolve(values);
  if (!arguments) return arguments.error();
  std::string resume_after = context.resume_after;
  std::shared_ptr<StartPosition> begun = std::move(context.start);
  const auto plan = std::make_shared<Plan>(*source_, *std::move(arguments), std::move(context));
  plan->operators.reserve(stages_.size());
  for (const Stage& stage : stages_) {
    auto of_stage = stage.config.resolve(values);
    if (!of_stage) return of_stage.error();
    plan->operators.push_back({stage.op, *std::move(of_stage)});
  }
  return plan->start(stages_.size(), std::move(resume_after), std::move(begun));
}

/// Without a plan, where nobody needs one.
config::Resolved<AsyncGenerator<Item>> Pipeline::start_once(const config::RequestValues& values,
                                                            SourceContext context) const {
  const OperatorContext of_operators = context_of_operators(context);
  const TracePtr trace = context.trace;
  if (!resumable()) context.start.reset();
  auto arguments = source_config_.resolve(values);
  if (!arguments) return arguments.error();
  AsyncGenerator<Item> stream = source_->start(*std::move(arguments), std::move(context));
  if (trace) trace->attach(0, stream);
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    auto of_stage = stages_[i].config.resolve(values);
    if (!of_stage) return of_stage.error();
    stream = stages_[i].op->apply(std::move(stream), *std::move(of_stage), of_operators);
    if (trace) trace->attach(i + 1, stream);
  }
  return stream;
}

void Pipeline::refuse_to_resume() const {
  const std::string why = resuming_ == Resuming::never
                              ? "the items of its source \"" + source_->description.name + "\" have no ids"
                              : "its operator \"" + forgets_positions_->name +
                                    "\" counts or groups the items, or makes several of one, and would "
                                    "come out differently";
  throw Failure(FailureKind::conflict, "this stream cannot go on behind an id: " + why +
                                           "; ask without Last-Event-ID and last_event_id");
}

AsyncGenerator<Item> start_stream(const config::StreamArguments& stream, const SourceContext& context) {
  const auto name = [](const config::Arguments& arguments) { return arguments.component().name; };
  const config::Arguments& source = stream.source.value();
  SourceContext mine = context.without_input();
  mine.resume_after.clear();
  mine.start.reset();
  mine.trace.reset();
  const auto plan = std::make_shared<Pipeline::Plan>(
      known(context.registry->find_source(name(source)), name(source)), source, std::move(mine));
  for (const config::Arguments& op : stream.operators)
    plan->operators.push_back({&known(context.registry->find_operator(name(op)), name(op)), op});
  return plan->start(stream.operators.size(), {}, nullptr);
}

AsyncGenerator<Item> apply_operators(AsyncGenerator<Item> upstream,
                                     const std::vector<config::Arguments>& operators,
                                     const OperatorContext& context) {
  for (const config::Arguments& arguments : operators) {
    const std::string& name = arguments.component().name;
    const Operator& op = known(context.registry->find_operator(name), name);
    if (op.apply == nullptr)
      throw Failure(FailureKind::invalid, "\"" + name + "\" starts its source again, and there is none here");
    upstream = op.apply(std::move(upstream), arguments, context);
  }
  return upstream;
}

}  // namespace coyield::generators
