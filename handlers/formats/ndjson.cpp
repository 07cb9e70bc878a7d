#include <coyield/handlers/formats/as_json.hpp>
#include <coyield/handlers/formats/format.hpp>

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Item;

class NdjsonEncoder final : public generators::Encoder {
 public:
  void item(const Item& item, Buffer& out) override {
    append_as_json(item, out);
    out.push_back('\n');
  }
  bool heartbeat(Buffer& out) override {
    out.push_back('\n');
    return true;
  }
};

}  // namespace

Format ndjson_format() {
  return {
      .description =
          {.kind = config::ComponentKind::format,
           .name = "ndjson",
           .summary = "One JSON text a line.",
           .example = R"("ndjson")",
           .details = "Text becomes a JSON string, bytes a string with their Base64. The stream has ended "
                      "when the response is complete; one that failed is cut off before that. The "
                      "heartbeat, where an endpoint asks for one, is an empty line."},
      .media_type = "application/x-ndjson",
      .content_type = "application/x-ndjson",
      .heartbeat = Heartbeat::on_request,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<NdjsonEncoder>();
      }};
}

}  // namespace coyield::handlers
