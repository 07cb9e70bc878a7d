#include <coyield/handlers/formats/envelope.hpp>

#include <coyield/generators/json_text.hpp>
#include <coyield/handlers/formats/as_json.hpp>
#include <coyield/handlers/formats/format.hpp>
#include <coyield/handlers/response.hpp>

namespace coyield::handlers {

namespace {

using generators::append_json_string;
using generators::Buffer;
using generators::Item;
using generators::PayloadKind;

/// `{`, and the member that tells whose envelope it is.
void append_start(std::string_view name, std::string_view value, Buffer& out) {
  out.push_back('{');
  if (value.empty()) return;
  append_json_string(out, name);
  out.push_back(':');
  append_json_string(out, value);
  out.push_back(',');
}

std::string start_of(std::string_view sub) {
  Buffer start;
  append_start("sub", sub, start);
  return std::string(start.view());
}

class EnvelopeEncoder final : public generators::Encoder {
 public:
  explicit EnvelopeEncoder(const EnvelopeOptions& options)
      : Encoder(Messages::text), start_(start_of(options.sub)), line_end_(options.line_end) {}

  void item(const Item& item, Buffer& out) override {
    out.append(start_);
    if (item.kind() == PayloadKind::gap) [[unlikely]] {
      out.append(R"("gap":)");
      item.write_payload(out);
    } else {
      append_text_member(R"("id":)", item.id(), out);
      append_text_member(R"("event":)", item.event(), out);
      out.append(R"("data":)");
      append_as_json(item, out);
      if (item.kind() == PayloadKind::bytes) out.append(R"(,"encoding":"base64")");
    }
    close(out);
  }

  void position(std::string_view id, Buffer& out) override {
    out.append(start_);
    out.append(R"("subscribed":{)");
    if (!id.empty()) {
      out.append(R"("id":)");
      append_json_string(out, id);
    }
    out.push_back('}');
    close(out);
  }

  void end(Buffer& out) override {
    out.append(start_);
    out.append(R"("end":{})");
    close(out);
  }

  void failed(const generators::Failure& failure, Buffer& out) override {
    out.append(start_);
    out.append(R"("failed":)");
    append_problem(status_of(failure.kind()), failure.message(), out);
    close(out);
  }

  /// A message needs none: there, pings are the session's.
  bool heartbeat(Buffer& out) override {
    out.append(line_end_);
    return !line_end_.empty();
  }

 private:
  static void append_text_member(std::string_view start, std::string_view text, Buffer& out) {
    if (text.empty()) return;
    out.append(start);
    append_json_string(out, text);
    out.push_back(',');
  }
  void close(Buffer& out) const {
    out.push_back('}');
    out.append(line_end_);
  }

  std::string start_;
  std::string_view line_end_;
};

void append_failed_of(std::string_view name, std::string_view value, std::string_view problem, Buffer& out) {
  append_start(name, value, out);
  out.append(R"("failed":)");
  out.append(problem.substr(0, problem.find_last_not_of('\n') + 1));
  out.push_back('}');
}

}  // namespace

std::unique_ptr<generators::Encoder> make_envelope_encoder(const EnvelopeOptions& options) {
  return std::make_unique<EnvelopeEncoder>(options);
}

void append_unsubscribed(std::string_view sub, Buffer& out) {
  append_start("sub", sub, out);
  out.append(R"("end":{"reason":"unsubscribed"}})");
}

void append_failed(std::string_view sub, std::string_view problem, Buffer& out) {
  append_failed_of("sub", sub, problem, out);
}

void append_published_as(std::string_view ref, std::string_view id, Buffer& out) {
  append_start("ref", ref, out);
  out.append(R"("published":{"id":)");
  append_json_string(out, id);
  out.append("}}");
}

void append_publish_failed(std::string_view ref, std::string_view problem, Buffer& out) {
  append_failed_of("ref", ref, problem, out);
}

Format envelope_format() {
  return {
      .description =
          {.kind = config::ComponentKind::format,
           .name = "envelope",
           .summary = "NDJSON with ids, names, gaps and the end in it.",
           .example = R"("envelope")",
           .details =
               "A line is a JSON object: an item has \"data\", and \"id\" and \"event\" where it has them; "
               "text is a JSON string, bytes are Base64 and have \"encoding\": \"base64\". \"gap\" says that "
               "items are missing, \"end\" that the stream has ended, \"failed\" why it could not go on, "
               "with status, title and detail; a stream without an item yet says by \"subscribed\" where "
               "it stands. One that failed is cut off behind that, too. ?envelope=1 asks for it as well; "
               "over a WebSocket the subprotocol coyield.v1 does, where each is a message. The heartbeat "
               "is an empty line."},
      .media_type = "application/x-ndjson",
      .content_type = "application/x-ndjson",
      .says_end = true,
      .says_position = true,
      .by_accept = ByAccept::never,
      .heartbeat = Heartbeat::always,
      .make = [](const FormatOptions&) -> std::unique_ptr<generators::Encoder> {
        return make_envelope_encoder({.line_end = "\n"});
      }};
}

}  // namespace coyield::handlers
