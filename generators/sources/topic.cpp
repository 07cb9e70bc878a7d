#include <coyield/generators/topic.hpp>

#include <coyield/generators/failure.hpp>
#include <coyield/generators/source.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> start(config::Arguments arguments, SourceContext context) {
  if (context.topics == nullptr) throw Failure(FailureKind::unavailable, "there are no topics here");
  return context.topics->subscribe(arguments.get<std::string>("name"),
                                   {.resume_after = std::move(context.resume_after)},
                                   std::move(context.start));
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  constexpr std::size_t longest = 512;
  const auto* name = arguments.find<std::string>("name");
  if (name == nullptr) return {};
  if (name->empty()) return {{"name", {"the name of a topic is empty", "give it at least one character"}}};
  if (name->size() > longest) return {{"name", {"the name of a topic has more than 512 bytes"}}};
  return {};
}

}  // namespace

Source topic_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "topic",
           .summary = "What is published under a name: by POST, by WebSocket, or by the program.",
           .parameters = {{.name = "name",
                           .summary = "The topic's name, the same for all endpoints that read or feed it.",
                           .required = true}},
           .main = "name",
           .example = R"({ "topic": "room.${path.room}" })",
           .details =
               "Yields what is published while it is read, from now on. The endpoint's \"publish\" says who "
               "may publish, its \"share\" what is kept (\"replay\"), what becomes of a slow reader (with "
               "\"block\" whoever publishes waits for it), and how long the topic lives on when nobody "
               "publishes or reads (\"linger\", an hour unless it says otherwise). All who read an endpoint "
               "without a pipeline share the topic itself. Never ends.",
           .position =
               "The id of an item says which one of the topic it is: a client that comes back gets exactly "
               "the rest, as far as \"replay\" has it, and else a gap and what there is.",
           .is_topic = true,
           .check = &check},
      .start = &start,
      .resuming = Resuming::exact};
}

}  // namespace coyield::generators
