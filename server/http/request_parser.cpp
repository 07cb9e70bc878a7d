#include <coyield/server/http/request_parser.hpp>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <coyield/handlers/fields.hpp>

namespace coyield::server {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using handlers::equal_ignoring_case;

/// Keeps views into the bytes parsed, so that a request costs no allocation. Beast would unfold a value into
/// memory of its own; folded lines do not come this far.
class HeadParser final : public http::basic_parser<true> {
 public:
  HeadParser(std::string_view bytes, RequestHead& head) : head_(head) {
    header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
    body_limit(boost::none);
  }

 private:
  using View = beast::string_view;

  static std::string_view std_view(View view) noexcept { return {view.data(), view.size()}; }

  void on_request_impl(http::verb verb, View method, View target, int version,
                       error_code& /*error*/) override {
    using handlers::Method;
    head_.method = verb == http::verb::get       ? Method::get
                   : verb == http::verb::head    ? Method::head
                   : verb == http::verb::options ? Method::options
                   : verb == http::verb::delete_ ? Method::delete_
                   : verb == http::verb::post    ? Method::post
                                                 : Method::other;
    head_.method_text = std_view(method);
    head_.target = std_view(target);
    head_.minor_version = static_cast<unsigned>(version % 10);
  }
  void on_response_impl(int, View, int, error_code&) override {}
  void on_field_impl(http::field /*name*/, View name, View value, error_code& /*error*/) override {
    head_.fields.push_back({std_view(name), std_view(value)});
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(View body, error_code&) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t, View, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View body, error_code&) override { return body.size(); }
  void on_finish_impl(error_code&) override {}

  RequestHead& head_;
};

RequestFault bad(std::string detail) { return {400, std::move(detail)}; }

struct Framing {
  std::size_t hosts = 0;
  std::string_view host;
  std::size_t lengths = 0;
  std::string_view length;
  std::size_t codings = 0;
  std::string_view coding;
};

Framing framing_of(const RequestHead& head) {
  Framing framing;
  for (const handlers::Field& field : head.fields) {
    if (equal_ignoring_case(field.name, "Host")) {
      ++framing.hosts;
      framing.host = field.value;
    }
    if (equal_ignoring_case(field.name, "Content-Length")) {
      ++framing.lengths;
      framing.length = field.value;
    }
    if (equal_ignoring_case(field.name, "Transfer-Encoding")) {
      ++framing.codings;
      framing.coding = field.value;
    }
  }
  return framing;
}

/// The characters that a host and a port may have (RFC 3986, 3.2.2).
bool host_character(char c) noexcept {
  constexpr std::string_view others = "-._~!$&'()*+,;=%:[]";
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || others.find(c) != std::string_view::npos;
}

/// What could be read in two ways by two servers in a row is how one smuggles a request past the first.
std::optional<RequestFault> fault_in_framing(const RequestHead& head, const Framing& framing) {
  if (framing.hosts != 1 && (head.minor_version == 1 || framing.hosts > 1)) {
    return bad("a request has exactly one Host field, and this one has " + std::to_string(framing.hosts));
  }
  if (!std::all_of(framing.host.begin(), framing.host.end(), host_character)) {
    return bad("the Host field is no host and port");
  }
  // Beast takes "3, 3" for 3.
  if (framing.lengths > 1 || framing.length.find(',') != std::string_view::npos) {
    return bad("Content-Length is there more than once");
  }
  if (framing.codings == 0) return std::nullopt;
  if (framing.codings > 1) return bad("Transfer-Encoding is there more than once");
  if (framing.lengths != 0) return bad("both Transfer-Encoding and Content-Length are there");
  if (head.minor_version == 0) return bad("HTTP/1.0 has no Transfer-Encoding");
  if (!equal_ignoring_case(handlers::trim(framing.coding), "chunked")) {
    return RequestFault{501, "the only Transfer-Encoding that is understood is \"chunked\""};
  }
  return std::nullopt;
}

bool keep_alive(const RequestHead& head) {
  if (head.minor_version == 0) return false;
  for (const handlers::Field& field : head.fields) {
    if (equal_ignoring_case(field.name, "Connection") && handlers::list_contains(field.value, "close"))
      return false;
  }
  return true;
}

/// What an HTTP parser makes of it, in the words of somebody who has to fix the client.
RequestFault explain(const error_code& error) {
  if (error == http::error::bad_version) return {505, "the version of HTTP must be 1.0 or 1.1"};
  return bad("the request is not HTTP/1.1: " + error.message());
}

/// The first byte of a TLS record that begins a connection (RFC 8446, 5.1).
constexpr char tls_handshake = 0x16;
/// What a client of HTTP/2 says first (RFC 9113, 3.4).
constexpr std::string_view http2_preface = "PRI * HTTP/2.0\r\n";

std::optional<RequestFault> fault_in_beginning(std::string_view bytes, const config::Limits& limits) {
  constexpr std::size_t longest_method = 32;
  if (bytes.starts_with(tls_handshake)) {
    return bad("this port speaks HTTP, not HTTPS; write http:// in the address");
  }
  if (bytes.starts_with(http2_preface)) {
    return RequestFault{505, "this port speaks HTTP/1.1, not HTTP/2; switch it off in the client or proxy"};
  }
  const std::size_t line_end = std::min(bytes.find('\n'), bytes.size());
  const std::string_view line = bytes.substr(0, line_end);
  std::size_t method = 0;
  while (method < line.size() && handlers::is_token_character(line[method])) ++method;
  if (method == 0 && !line.empty()) return bad("this is no HTTP request; is it meant for another port?");
  if (method > longest_method) return RequestFault{501, "there is no method of that name"};
  if (method < line.size() && line[method] != ' ') return bad("a request begins with its method and a blank");
  if (line.size() > limits.max_target + method + 16) {
    return RequestFault{414, "the target is longer than " + std::to_string(limits.max_target) + " bytes"};
  }
  return std::nullopt;
}

}  // namespace

std::string RequestHead::joined(std::string_view name) const {
  std::string all;
  for (const handlers::Field& field : fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (!all.empty()) all += ", ";
    all += field.value;
  }
  return all;
}

HeaderEnd find_header_end(std::string_view bytes, const config::Limits& limits) {
  HeaderEnd end;
  if (auto fault = fault_in_beginning(bytes, limits)) {
    end.fault = std::move(fault);
    return end;
  }
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') {
      end.fault = bad("a line of the header ends without a carriage return");
      return end;
    }
    // First, since what stands behind the header may begin with a blank.
    if (at >= 3 && bytes[at - 2] == '\n') {
      end.size = at + 1;
      break;
    }
    if (at + 1 < bytes.size() && (bytes[at + 1] == ' ' || bytes[at + 1] == '\t')) {
      end.fault = bad("a line of the header begins with a blank: folded lines are obsolete");
      return end;
    }
  }
  if (std::max(end.size, end.size == 0 ? bytes.size() : 0) > limits.max_header) {
    end.fault =
        RequestFault{431, "the header is longer than " + std::to_string(limits.max_header) + " bytes"};
  }
  return end;
}

std::optional<RequestFault> parse_request(std::string_view header, RequestHead& head) {
  head.fields.clear();
  HeadParser parser(header, head);
  error_code error;
  parser.put(asio::buffer(header.data(), header.size()), error);
  if (error && error != http::error::need_more) return explain(error);
  if (!parser.is_header_done()) return bad("the first line has no version of HTTP at its end");
  const Framing framing = framing_of(head);
  if (auto fault = fault_in_framing(head, framing)) return fault;
  head.keep_alive = keep_alive(head);
  head.chunked = framing.codings != 0;
  head.content_length = parser.content_length().value_or(0);
  head.has_body = head.chunked || head.content_length != 0;
  return std::nullopt;
}

}  // namespace coyield::server
