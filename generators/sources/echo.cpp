#include <coyield/generators/source.hpp>

namespace coyield::generators {

namespace {

AsyncGenerator<Item> start(config::Arguments, SourceContext context) { return std::move(context.input); }

}  // namespace

Source echo_source() {
  return {
      .description = {.kind = config::ComponentKind::source,
                      .name = "echo",
                      .summary = "What the client itself sends.",
                      .example = R"({ "echo": {} })",
                      .details =
                          "Yields each message of the client as it is: text as text, bytes as bytes. Ends "
                          "when the client has nothing more to send; at once where it may not send. The "
                          "endpoint has to allow it with \"input\": true.",
                      .reads_input = true},
      .start = &start};
}

}  // namespace coyield::generators
