#include <coyield/generators/sources/http_question.hpp>

#include <algorithm>
#include <charconv>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_check.hpp>

namespace coyield::generators {

namespace {

using namespace std::chrono_literals;

/// `Retry-After` in seconds; a date is left alone.
std::chrono::nanoseconds retry_after(const net::HttpHead& head) {
  const std::string* field = head.find("Retry-After");
  unsigned seconds = 0;
  if (field == nullptr) return 0ns;
  const char* const end = field->data() + field->size();
  const auto [behind, error] = std::from_chars(field->data(), end, seconds);
  return error == std::errc() && behind == end ? std::chrono::seconds(seconds) : 0ns;
}

void check_url(const config::Arguments& args, net::Schemes schemes, config::ParameterMistakes& mistakes) {
  const auto* text = args.find<std::string>("url");
  if (text == nullptr) return;
  const auto url = net::parse_url(*text, schemes);
  if (!url)
    mistakes.push_back({"url", {config::in_quotes(*text) + " " + url.error().what, url.error().advice}});
}

void check_headers(const config::Arguments& args, config::ParameterMistakes& mistakes) {
  const auto* headers = args.find<nlohmann::json>("headers");
  if (headers == nullptr) return;
  if (!headers->is_object()) {
    mistakes.push_back({"headers", {"is not an object of texts", R"(write { "Name": "value" })"}});
    return;
  }
  for (const auto& [name, value] : headers->items()) {
    const nlohmann::json::json_pointer place = nlohmann::json::json_pointer() / name;
    const auto add = [&](std::string what, std::string advice) {
      mistakes.push_back({"headers", {std::move(what), std::move(advice)}, place});
    };
    if (!is_token(name)) add(config::in_quotes(name) + " is no name of a field", "give it another");
    for (const char* own :
         {"Connection", "Content-Length", "Transfer-Encoding", "Upgrade", "Sec-WebSocket-Key",
          "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"}) {
      if (net::same_field(name, own))
        add(config::in_quotes(name) + " is set by the source itself", "leave it out");
    }
    if (!value.is_string()) {
      add(value.dump() + " is no text", "write it in double quotes");
    } else if (value.get_ref<const std::string&>().find_first_of(std::string_view("\r\n\0", 3)) !=
               std::string::npos) {
      add("a field cannot hold a line break or a NUL character", "leave it out");
    }
  }
}

}  // namespace

bool is_token(std::string_view name) {
  const auto usable = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), usable);
}

config::Parameter url_parameter(const std::string& beginnings) {
  return {.name = "url",
          .type = config::ParameterType::text,
          .summary = "Where it is, with " + beginnings +
                     ". Values of the request are encoded in it, and cannot say which server is asked.",
          .required = true,
          .filling = config::Filling::url};
}

std::vector<config::Parameter> question_parameters() {
  using config::ParameterType;
  return {
      {.name = "headers",
       .type = ParameterType::json,
       .summary = "Fields of the request: { \"Authorization\": \"Bearer ${env.TOKEN}\" }."},
      {.name = "timeout",
       .type = ParameterType::duration,
       .summary = "How long it may take until the head of the answer is there.",
       .default_value = 30s,
       .minimum = 1ms,
       .maximum = 1h},
      {.name = "ca",
       .type = ParameterType::text,
       .summary = "A file of certificates (PEM) that the server's may be signed by, instead of those that "
                  "the system trusts.",
       .request_values = false},
      {.name = "socket",
       .type = ParameterType::text,
       .summary = "A Unix socket to ask at; the URL's host is only what the server is told.",
       .request_values = false}};
}

net::HttpRequest question_of(const config::Arguments& args, net::Schemes schemes) {
  net::HttpRequest request;
  const auto url = net::parse_url(args.get<std::string>("url"), schemes);
  if (!url) throw Failure(FailureKind::invalid, "the URL to be asked " + url.error().what);
  request.url = *url;
  if (const auto* headers = args.find<nlohmann::json>("headers")) {
    for (const auto& [name, value] : headers->items())
      request.fields.emplace_back(name, value.get<std::string>());
  }
  if (const auto* socket = args.find<std::string>("socket")) request.socket = *socket;
  if (const auto* authorities = args.find<std::string>("ca")) request.authorities = *authorities;
  request.timeout = args.get<std::chrono::nanoseconds>("timeout");
  return request;
}

void check_question(const config::Arguments& args, net::Schemes schemes,
                    config::ParameterMistakes& mistakes) {
  check_url(args, schemes, mistakes);
  check_headers(args, mistakes);
}

void refuse_unless(unsigned expected, const net::HttpExchange& exchange) {
  const net::HttpHead& head = exchange.head();
  if (head.status == expected || (expected == 200 && head.status / 100 == 2)) return;
  const std::string what = net::to_string(exchange.url()) + " has answered " + std::to_string(head.status) +
                           (head.reason.empty() ? "" : " " + head.reason);
  if (head.status == 404) throw Failure(FailureKind::not_found, what);
  if (head.status == 410) throw Failure(FailureKind::gone, what);
  const bool passes = head.status == 408 || head.status == 425 || head.status == 429 || head.status >= 500;
  const bool busy = head.status == 429 || head.status == 503;
  Failure failure(busy ? FailureKind::unavailable : FailureKind::upstream, what,
                  passes ? Again::may_help : Again::useless);
  failure.retry_after(retry_after(head));
  throw failure;
}

PayloadKind kind_of_text(std::string_view text) noexcept {
  const bool may_be = text.starts_with('{') || text.starts_with('[');
  return may_be && is_json(text) ? PayloadKind::json : PayloadKind::text;
}

}  // namespace coyield::generators
