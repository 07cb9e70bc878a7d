#include <coyield/handlers/response.hpp>

#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/json_text.hpp>

namespace coyield::handlers {

using generators::FailureKind;

std::string_view reason_phrase(unsigned status) noexcept {
  switch (status) {
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 414:
      return "URI Too Long";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

void append_problem(unsigned status, std::string_view detail, generators::Buffer& out) {
  out.append(R"({"type":"about:blank","title":)");
  generators::append_json_string(out, reason_phrase(status));
  out.append(R"(,"status":)");
  generators::append_integer(out, status);
  out.append(R"(,"detail":)");
  generators::append_json_string(out, detail);
  out.push_back('}');
}

Response problem(unsigned status, std::string_view detail) {
  generators::Buffer text(128 + detail.size());
  append_problem(status, detail, text);
  text.push_back('\n');
  Response response;
  response.status = status;
  response.fields.add("Content-Type", "application/problem+json").add("Cache-Control", "no-store");
  response.body = std::string(text.view());
  return response;
}

unsigned status_of(FailureKind kind) noexcept {
  switch (kind) {
    case FailureKind::not_found:
      return 404;
    case FailureKind::invalid:
      return 400;
    case FailureKind::forbidden:
      return 403;
    case FailureKind::unavailable:
      return 503;
    case FailureKind::upstream:
      return 502;
    case FailureKind::conflict:
      return 409;
    case FailureKind::gone:
      return 410;
    case FailureKind::too_large:
      return 413;
    case FailureKind::unprocessable:
      return 422;
    case FailureKind::too_many:
      return 429;
    case FailureKind::too_slow:
      return 503;
    case FailureKind::internal:
      return 500;
  }
  return 500;
}

Response problem(const generators::Failure& failure) {
  Response response = problem(status_of(failure.kind()), failure.message());
  if (failure.retry_after().count() > 0) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(failure.retry_after()).count();
    response.fields.add("Retry-After", std::to_string(seconds));
  }
  return response;
}

}  // namespace coyield::handlers
