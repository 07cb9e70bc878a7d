#include <coyield/generators/gap.hpp>
#include <coyield/handlers/formats/format.hpp>

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Item;

class BytesEncoder final : public generators::Encoder {
 public:
  BytesEncoder() noexcept : Encoder(Messages::binary, Verbatim()) {}
  void item(const Item& item, Buffer& out) override {
    if (item.kind() == generators::PayloadKind::gap) [[unlikely]]
      generators::refuse_gap(item);
    item.write_payload(out);
  }
};

}  // namespace

Format bytes_format() {
  return {
      .description = {.kind = config::ComponentKind::format,
                      .name = "bytes",
                      .summary = "The payloads as they are, one behind the other.",
                      .example = R"("bytes")",
                      .details =
                          "Nothing is added between two items and nothing is changed: a file read with "
                          "\"decode\": \"bytes\" arrives as it is. Text is not made UTF-8; JSON is its text. "
                          "The stream has ended when the response is complete; one that failed is cut off "
                          "before that. There is no heartbeat, and no gzip."},
      .media_type = "application/octet-stream",
      .content_type = "application/octet-stream",
      .binary = true,
      .compressible = false,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<BytesEncoder>();
      }};
}

}  // namespace coyield::handlers
