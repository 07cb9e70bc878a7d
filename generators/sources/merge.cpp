#include <coyield/generators/operators/merge.hpp>

#include <coyield/generators/sources/nested.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> start(config::Arguments arguments, SourceContext context) {
  return merge(start_streams(arguments, context));
}

}  // namespace

Source merge_source() {
  return {.description =
              {.kind = config::ComponentKind::source,
               .name = "merge",
               .summary = "The items of several sources, in the order in which they come.",
               .parameters = {streams_parameter()},
               .main = "streams",
               .example = R"({ "merge": [{ "endpoint": "/errors" }, { "clock": "1m" }] })",
               .details =
                   "All run at once, each at most one item ahead; those that always have an item take turns. "
                   "Ends when all have ended; when one fails, so does this, and the others are let go.",
               .check = &check_streams},
          .start = &start};
}

}  // namespace coyield::generators
