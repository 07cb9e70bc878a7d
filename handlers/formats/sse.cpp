#include <coyield/handlers/formats/sse.hpp>

#include <coyield/generators/byte_scan.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/handlers/formats/as_json.hpp>
#include <coyield/handlers/formats/format.hpp>

// Server-sent events, WHATWG HTML 9.2. A client reads lines that end at CR, LF or CRLF; what an item says
// must not break out of its field. `data` has a field for each of its lines. An id or a name that contains a
// line break or NUL cannot be said and is left out: with the id of an earlier item a client gets this one
// once more when it resumes, which is better than a wrong id. The same goes for what this format says itself:
// an item cannot pass for the end.

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Item;
using generators::PayloadKind;

bool fits_in_field(std::string_view value) noexcept {
  const char* const begin = value.data();
  const char* const end = begin + value.size();
  const auto breaks = [](generators::ByteBlock b) { return (b == '\r') | (b == '\n') | (b == '\0'); };
  return generators::find_byte(begin, end, breaks) == end && generators::is_utf8(value);
}

bool is_usable_id(std::string_view id) noexcept { return id != sse_end_id && fits_in_field(id); }
bool is_usable_event(std::string_view name) noexcept {
  return name != "end" && name != "failed" && name != "gap" && fits_in_field(name);
}

void append_field(std::string_view field, std::string_view value, Buffer& out) {
  out.append(field);
  out.append(value);
  out.push_back('\n');
}

/// Text that ends with a line break has an empty line behind it, or a client would lose that break. Each
/// field is made UTF-8 by itself, which is the same as the whole: no character contains a line break.
void append_data_lines(std::string_view text, Buffer& out) {
  const char* at = text.data();
  const char* const end = at + text.size();
  for (;;) {
    const char* const line_end =
        generators::find_byte(at, end, [](generators::ByteBlock b) { return (b == '\r') | (b == '\n'); });
    out.append("data: ");
    generators::append_utf8(out, {at, static_cast<std::size_t>(line_end - at)});
    out.push_back('\n');
    if (line_end == end) return;
    const bool both = *line_end == '\r' && line_end + 1 != end && line_end[1] == '\n';
    at = line_end + (both ? 2 : 1);
  }
}

class SseEncoder final : public generators::Encoder {
 public:
  explicit SseEncoder(std::chrono::milliseconds retry) noexcept : retry_(retry) {}

  void begin(Buffer& out) override { append_retry(out); }
  // What the client was told at the beginning may have been long ago, or by another server in between.
  void draining(Buffer& out) override { append_retry(out); }

  /// Without data nothing is dispatched, but the id is remembered (9.2.6).
  void position(std::string_view id, Buffer& out) override {
    if (!is_usable_id(id)) return;
    append_field("id: ", id, out);
    out.push_back('\n');
  }

  void item(const Item& item, Buffer& out) override {
    const std::string_view id = item.id();  // which may be written only now
    if (!id.empty() && is_usable_id(id)) append_field("id: ", id, out);
    if (item.kind() == PayloadKind::gap) {
      append_field("event: ", "gap", out);
    } else if (!item.event().empty() && is_usable_event(item.event())) {
      append_field("event: ", item.event(), out);
    }
    if (item.kind() == PayloadKind::text) {
      append_data_lines(item.payload(), out);
      out.push_back('\n');
      return;
    }
    out.append("data: ");
    if (item.kind() != PayloadKind::bytes) {
      item.write_payload(out);
    } else {
      generators::append_base64(out, item.payload());
    }
    out.append("\n\n");
  }

  void end(Buffer& out) override {
    out.append("event: end\n");
    append_field("id: ", sse_end_id, out);
    out.append("data: {}\n\n");  // an event without data is not delivered
  }

  void failed(const generators::Failure& failure, Buffer& out) override {
    out.append("event: failed\ndata: ");
    append_failure(failure, out);
    out.append("\n\n");
  }

  bool heartbeat(Buffer& out) override {
    out.append(":\n\n");
    return true;
  }

 private:
  void append_retry(Buffer& out) const {
    out.append("retry: ");
    generators::append_integer(out, retry_.count());
    out.append("\n\n");
  }

  std::chrono::milliseconds retry_;
};

}  // namespace

Format sse_format() {
  return {
      .description = {.kind = config::ComponentKind::format,
                      .name = "sse",
                      .summary = "Server-sent events, for a browser's EventSource.",
                      .example = R"("sse")",
                      .details =
                          "An item is an event, with its id and name where it has them. Text is its data, "
                          "with each kind of line break read as LF; JSON is one line of data, bytes are "
                          "Base64. The stream ends with an event \"end\"; a browser that then connects "
                          "again is told to stop. One that fails says so by an event \"failed\" with "
                          "kind and message, and is cut off. Missed items are an event \"gap\". An item "
                          "whose own event has one of these three names arrives without a name. A stream "
                          "without an item yet says by an id alone where it stands. The heartbeat is a "
                          "comment."},
      .media_type = "text/event-stream",
      .content_type = "text/event-stream",
      .says_end = true,
      .says_position = true,
      .heartbeat = Heartbeat::always,
      .make = [](const FormatOptions& options) -> std::unique_ptr<generators::Encoder> {
        return std::make_unique<SseEncoder>(options.retry);
      }};
}

}  // namespace coyield::handlers
