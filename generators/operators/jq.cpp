#include <coyield/generators/failure.hpp>
#include <coyield/generators/gap.hpp>
#include <coyield/generators/operator.hpp>
#include <coyield/generators/operators/as_json.hpp>
#include <coyield/generators/operators/jq_program.hpp>
#include <coyield/generators/sleep.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace coyield::generators {

namespace {

using Json = nlohmann::json;

constexpr unsigned drops_per_turn = 64;  // items that come to nothing, before the others have their turn

/// What the arguments say.
struct Job {
  std::string program;
  std::string args;
  bool drops_errors;
  std::size_t max_item;
};

AsyncGenerator<Item> transform(AsyncGenerator<Item> upstream, Job job) {
  Loop& loop = co_await this_loop();
  JqProgram& program = JqPrograms::of(loop.executor()).get(job.program);
  Buffer text;
  unsigned dropped = 0;
  while (auto item = co_await upstream.next()) {
    if (is_gap(*item)) {
      co_yield std::move(*item);
      continue;
    }
    text.clear();
    append_as_json(text, *item);
    const JqProgram::Outcome outcome = program.run(text.view(), job.args, job.max_item);
    const std::size_t count = outcome.outputs.size();
    for (std::size_t i = 0; i < count; ++i) {
      Item made = Item::json(outcome.outputs[i]);
      made.set_event(item->event());
      // Going on behind an item means behind all that came of it: the last one has its id.
      if (i + 1 == count) made.set_id_of(*item);
      co_yield std::move(made);
    }
    if (outcome.error && !job.drops_errors)
      throw Failure(FailureKind::internal, "jq: " + *outcome.error, Again::useless);
    dropped = count == 0 ? dropped + 1 : 0;
    if (dropped == drops_per_turn) {
      dropped = 0;
      co_await yield_now();
    }
  }
}

AsyncGenerator<Item> apply(AsyncGenerator<Item> upstream, config::Arguments arguments,
                           OperatorContext context) {
  const Json* args = arguments.find<Json>("args");
  Job job{.program = arguments.get<std::string>("program"),
          .args = args == nullptr ? "{}" : args->dump(-1, ' ', false, Json::error_handler_t::replace),
          .drops_errors = arguments.get<std::string>("on_error") == "drop",
          .max_item = context.max_item};
  return transform(std::move(upstream), std::move(job));
}

/// Compiling takes a while, and this is asked for each request that fills something in.
void check_program(const config::Arguments& arguments, config::ParameterMistakes& mistakes) {
  const std::string& text = arguments.get<std::string>("program");
  if (const auto refused = JqProgram::refusal(text)) {
    mistakes.push_back({"program", *refused});
    return;
  }
  thread_local std::map<std::string, std::optional<std::string>, std::less<>> known;
  auto found = known.find(text);
  if (found == known.end()) {
    std::optional<std::string> wrong;
    try {
      const JqProgram compiled(text);
    } catch (const std::invalid_argument& error) {
      wrong = error.what();
    }
    found = known.emplace(text, std::move(wrong)).first;
  }
  if (found->second)
    mistakes.push_back({"program", {"jq: " + *found->second, "try it with jq itself: jq PROGRAM file.json"}});
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  config::ParameterMistakes mistakes;
  check_program(arguments, mistakes);
  const Json* args = arguments.find<Json>("args");
  if (args != nullptr && !args->is_object())
    mistakes.push_back({"args", {"is not an object", R"(write { "name": "${query.name}" })"}});
  return mistakes;
}

}  // namespace

Operator jq_operator() {
  using config::ParameterType;
  return {
      .description =
          {.kind = config::ComponentKind::operator_,
           .name = "jq",
           .summary = "What a program in the language of jq makes of each item.",
           .parameters = {{.name = "program",
                           .type = ParameterType::text,
                           .summary = "The program: \"{ts, text: .msg}\".",
                           .required = true,
                           .request_values = false},
                          {.name = "args",
                           .type = ParameterType::json,
                           .summary = "What the program has as $args: { \"name\": \"${query.name}\" }."},
                          {.name = "on_error",
                           .type = ParameterType::choice,
                           .summary =
                               "What becomes of the stream at an item for which the program ends with an "
                               "error: it fails, or the item is dropped.",
                           .default_value = "fail",
                           .choices = {"fail", "drop"},
                           .request_values = false}},
           .main = "program",
           .example = R"({ "jq": "{ts, text: .msg}" })",
           .details =
               "Each output is an item, in order; a program without one (`empty`, `select`) drops the item. "
               "The "
               "last output has the id of the item. A text is a string in it, bytes the Base64 of them. jq "
               "counts "
               "in floating point: whole numbers beyond 2^53 are rounded. It is a language, and takes as "
               "long as "
               "its program does, while nothing else runs on that thread: `where`, `select` and `set` are "
               "much "
               "faster at what they can do. The outputs of one item may have `max_item` bytes together.\n"
               "A program has no way out: import, include, env, $ENV, input, inputs, debug, stderr, halt and "
               "what "
               "is like them are refused. `check` says at which place, and what jq has against a program.",
           .check = &check},
      .positions = Positions::kept,
      .apply = &apply};
}

}  // namespace coyield::generators
