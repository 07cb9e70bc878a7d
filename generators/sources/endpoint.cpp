#include <coyield/generators/endpoint_reader.hpp>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/sources/nested.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> start(config::Arguments arguments, SourceContext context) {
  if (context.endpoints == nullptr) throw Failure(FailureKind::unavailable, "there are no endpoints here");
  return without_ids(context.endpoints->read(arguments.get<std::string>("path")));
}

config::ParameterMistakes check(const config::Arguments& arguments) {
  const auto* path = arguments.find<std::string>("path");
  if (path == nullptr || path->starts_with('/')) return {};
  return {{"path",
           {config::in_quotes(*path) + " is no path of an endpoint",
            "begin it with a slash: " + config::in_quotes("/" + *path)}}};
}

}  // namespace

Source endpoint_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "endpoint",
           .summary = "What another endpoint of this configuration gives.",
           .parameters = {{.name = "path",
                           .summary = "Its path, with a query where it takes one: "
                                      "\"/count/${path.n}?interval=1s\". Values of a request are "
                                      "percent-encoded.",
                           .required = true,
                           .filling = config::Filling::path}},
           .main = "path",
           .example = R"({ "endpoint": "/rooms/${path.room}" })",
           .details =
               "Of an endpoint with \"share\", and of a topic, it is one more subscriber, and begins as one "
               "does (\"?since=\" may be in the query); of any other it gets a generator of its own. It is "
               "read whoever the other's \"access\" lets in, and what clients send it does not get. Its end "
               "and its failures are this one's. Endpoints that read each other in a circle are refused.",
           .is_endpoint = true,
           .check = &check},
      .start = &start};
}

}  // namespace coyield::generators
