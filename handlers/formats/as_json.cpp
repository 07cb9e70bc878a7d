#include <coyield/handlers/formats/as_json.hpp>

#include <coyield/generators/json_text.hpp>

namespace coyield::handlers {

using generators::FailureKind;

std::string_view failure_name(FailureKind kind) noexcept {
  switch (kind) {
    case FailureKind::not_found:
      return "not_found";
    case FailureKind::invalid:
      return "invalid";
    case FailureKind::forbidden:
      return "forbidden";
    case FailureKind::unavailable:
      return "unavailable";
    case FailureKind::upstream:
      return "upstream";
    case FailureKind::conflict:
      return "conflict";
    case FailureKind::gone:
      return "gone";
    case FailureKind::too_large:
      return "too_large";
    case FailureKind::unprocessable:
      return "unprocessable";
    case FailureKind::too_many:
      return "too_many";
    case FailureKind::too_slow:
      return "too_slow";
    case FailureKind::internal:
      return "internal";
  }
  return "internal";
}

void append_failure(const generators::Failure& failure, generators::Buffer& out) {
  out.append(R"({"kind":")");
  out.append(failure_name(failure.kind()));
  out.append(R"(","message":)");
  generators::append_json_string(out, failure.message());
  out.push_back('}');
}

void append_as_json_string(const generators::Item& item, generators::Buffer& out) {
  if (item.kind() == generators::PayloadKind::text)
    return generators::append_json_string(out, item.payload());
  if (item.kind() == generators::PayloadKind::gap) refuse_gap(item);
  out.push_back('"');
  generators::append_base64(out, item.payload());
  out.push_back('"');
}

}  // namespace coyield::handlers
