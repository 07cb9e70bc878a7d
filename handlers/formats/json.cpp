#include <coyield/handlers/formats/as_json.hpp>
#include <coyield/handlers/formats/format.hpp>

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Item;

/// A stream that fails stays without its `]`, so that no parser takes it for a whole one.
class JsonEncoder final : public generators::Encoder {
 public:
  void begin(Buffer& out) override { out.push_back('['); }
  void item(const Item& item, Buffer& out) override {
    if (item.kind() == generators::PayloadKind::gap) refuse_gap(item);
    if (!first_) out.push_back(',');
    append_as_json(item, out);
    first_ = false;
  }
  void end(Buffer& out) override { out.push_back(']'); }
  void pause(Buffer& out) override { out.push_back(']'); }
  // Blank space may stand between any two elements.
  bool heartbeat(Buffer& out) override {
    out.push_back('\n');
    return true;
  }

 private:
  bool first_ = true;
};

}  // namespace

Format json_format() {
  return {
      .description = {.kind = config::ComponentKind::format,
                      .name = "json",
                      .summary = "All items as the elements of one JSON array.",
                      .example = R"("json")",
                      .details =
                          "Text becomes a JSON string, bytes a string with their Base64. A stream without "
                          "items is []. The array is closed when the stream has ended, and never when it "
                          "failed. By the Accept header alone only from endpoints that are \"finite\". "
                          "The heartbeat is blank space."},
      .media_type = "application/json",
      .content_type = "application/json",
      .says_end = true,
      .itemwise = false,
      .by_accept = ByAccept::finite,
      .heartbeat = Heartbeat::always,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<JsonEncoder>();
      }};
}

}  // namespace coyield::handlers
