#include <coyield/handlers/formats/as_json.hpp>
#include <coyield/handlers/formats/format.hpp>

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Item;

/// RFC 7464, section 2.2: a record separator, which no JSON text contains, before each text and a line feed
/// behind it. A reader that sees no line feed knows that a number may have been cut off.
constexpr char record_separator = '\x1E';

class JsonSeqEncoder final : public generators::Encoder {
 public:
  void item(const Item& item, Buffer& out) override {
    if (item.kind() == generators::PayloadKind::gap) [[unlikely]]
      refuse_gap(item);
    out.push_back(record_separator);
    append_as_json(item, out);
    out.push_back('\n');
  }
  // Separators may follow each other, and mean no empty text (section 2.1).
  bool heartbeat(Buffer& out) override {
    out.push_back(record_separator);
    return true;
  }
};

}  // namespace

Format json_seq_format() {
  return {
      .description =
          {.kind = config::ComponentKind::format,
           .name = "json-seq",
           .summary = "JSON texts, each between a record separator and a line feed (RFC 7464).",
           .example = R"("json-seq")",
           .details = "Text becomes a JSON string, bytes a string with their Base64. Read it with \"jq "
                      "--seq\". The stream has ended when the response is complete; one that failed is cut "
                      "off before that. The heartbeat, where an endpoint asks for one, is a separator."},
      .media_type = "application/json-seq",
      .content_type = "application/json-seq",
      .heartbeat = Heartbeat::on_request,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<JsonSeqEncoder>();
      }};
}

}  // namespace coyield::handlers
