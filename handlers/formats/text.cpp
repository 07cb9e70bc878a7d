#include <coyield/generators/gap.hpp>
#include <coyield/generators/utf8.hpp>
#include <coyield/handlers/formats/format.hpp>

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Item;
using generators::PayloadKind;

class TextEncoder final : public generators::Encoder {
 public:
  void item(const Item& item, Buffer& out) override {
    if (item.kind() == PayloadKind::text) {
      generators::append_utf8(out, item.payload());
    } else {
      if (item.kind() == PayloadKind::gap) [[unlikely]]
        generators::refuse_gap(item);
      item.write_payload(out);
    }
    if (item.kind() != PayloadKind::bytes) out.push_back('\n');
  }
  bool heartbeat(Buffer& out) override {
    out.push_back('\n');
    return true;
  }
};

}  // namespace

Format text_format() {
  return {
      .description = {.kind = config::ComponentKind::format,
                      .name = "text",
                      .summary = "Each item as it is, in a line of its own.",
                      .example = R"("text")",
                      .details =
                          "JSON is written as its text. In text, what is not UTF-8 becomes U+FFFD, and line "
                          "breaks stay. Bytes are passed on as they are, without a line break. The "
                          "stream has ended when the response is complete; one that failed is cut off "
                          "before that. The heartbeat, where an endpoint asks for one, is an empty line."},
      .media_type = "text/plain",
      .content_type = "text/plain; charset=utf-8",
      .heartbeat = Heartbeat::on_request,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<TextEncoder>();
      }};
}

}  // namespace coyield::handlers
