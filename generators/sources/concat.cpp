#include <coyield/generators/operators/concat.hpp>

#include <coyield/generators/sources/nested.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> start(config::Arguments arguments, SourceContext context) {
  return concat(start_streams(arguments, context));
}

}  // namespace

Source concat_source() {
  return {
      .description =
          {.kind = config::ComponentKind::source,
           .name = "concat",
           .summary = "The items of several sources, one source after the other.",
           .parameters = {streams_parameter()},
           .main = "streams",
           .example = R"({ "concat": [{ "file": "/var/log/old.log" }, { "endpoint": "/log" }] })",
           .details =
               "A source starts when the one before it has ended, and what it would have given until then "
               "it may not give any more. When one fails, so does this, and the rest never start.",
           .check = &check_streams},
      .start = &start};
}

}  // namespace coyield::generators
