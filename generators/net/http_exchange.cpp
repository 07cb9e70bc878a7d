#include <coyield/generators/net/http_exchange.hpp>

#include <algorithm>
#include <charconv>
#include <coyield/generators/failure.hpp>
#include <coyield/generators/json_text.hpp>

namespace coyield::generators::net {

namespace {

constexpr std::size_t block = 16 * 1024;
constexpr int most_redirects = 10;
constexpr int most_interim = 16;

bool has_field(const HttpRequest& request, std::string_view name) {
  return std::any_of(request.fields.begin(), request.fields.end(),
                     [&](const auto& field) { return same_field(field.first, name); });
}

void drop_field(HttpRequest& request, std::string_view name) {
  std::erase_if(request.fields, [&](const auto& field) { return same_field(field.first, name); });
}

bool is_redirect(unsigned status) noexcept {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

[[noreturn]] void fail(const Url& url, const std::string& what, Again again = Again::may_help) {
  throw Failure(FailureKind::upstream, to_string(url) + ": " + what, again);
}

}  // namespace

Task<void> HttpExchange::open(HttpRequest request) {
  request_ = std::move(request);
  check_fields();
  for (int i = 0;; ++i) {
    co_await ask();
    if (!redirected()) break;
    if (i == most_redirects) fail(request_.url, "there are too many redirects", Again::useless);
  }
  find_framing();
  if (request_.idle.count() == 0) connection_->at_leisure();
}

Task<void> HttpExchange::ask() {
  connection_ = std::make_unique<Connection>(loop_);
  received_.clear();
  used_ = 0;
  connection_->within(request_.timeout);
  Peer peer{.host = request_.url.host,
            .port = request_.url.port,
            .socket = request_.socket,
            .tls = request_.url.tls,
            .authorities = request_.authorities};
  co_await connection_->open(std::move(peer));
  const std::string text = request_text();
  co_await connection_->write(text);
  // What is on its way: 100 Continue, 103 Early Hints.
  for (int i = 0; i < most_interim; ++i) {
    co_await read_head();
    const unsigned status = head().status;
    if (status == 101 || status >= 200) co_return;
  }
  fail(request_.url, "it does not come to its answer");
}

Task<void> HttpExchange::read_head() {
  reader_ = std::make_unique<HttpHeadReader>();
  for (;;) {
    used_ += reader_->feed(received_.view().substr(used_));
    if (reader_->whole()) co_return;
    const std::size_t n = co_await read_some();
    if (n == 0) fail(request_.url, "it closed the connection without an answer");
  }
}

/// Appends to what was received.
Task<std::size_t> HttpExchange::read_some() {
  if (used_ != 0) received_.consume(used_);
  used_ = 0;
  const std::span<char> room(received_.prepare(block), block);
  const std::size_t n = co_await connection_->read(room);
  received_.commit(n);
  co_return n;
}

/// A line break in one would begin another field, or another request.
void HttpExchange::check_fields() const {
  for (const auto& [name, value] : request_.fields) {
    if ((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) continue;
    throw Failure(FailureKind::invalid,
                  "the field " + name + " cannot be asked for with a line break or a NUL character in it",
                  Again::useless);
  }
}

std::string HttpExchange::request_text() const {
  const Url& url = request_.url;
  std::string text = request_.method + " " + url.target + " HTTP/1.1\r\n";
  const auto add = [&text](std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
  };
  const auto add_missing = [&](std::string_view name, std::string_view value) {
    if (!has_field(request_, name)) add(name, value);
  };
  add_missing("Host", request_.socket.empty() ? url.authority : url.host);
  for (const auto& [name, value] : request_.fields) add(name, value);
  add_missing("User-Agent", "coyield");
  add_missing("Accept", "*/*");
  add_missing("Accept-Encoding", "identity");
  if (!url.userinfo.empty()) add_missing("Authorization", "Basic " + base64(url.userinfo));
  if (!request_.body.empty() || request_.method == "POST" || request_.method == "PUT")
    add("Content-Length", std::to_string(request_.body.size()));
  if (request_.upgrade.empty()) {
    add("Connection", "close");
  } else {
    add("Connection", "Upgrade");
    add("Upgrade", request_.upgrade);
  }
  return text + "\r\n" + request_.body;
}

/// Whether the answer is that it is elsewhere; then the request is for there.
bool HttpExchange::redirected() {
  if (!is_redirect(head().status)) return false;
  const std::string* location = head().find("Location");
  if (location == nullptr) return false;
  const auto next = request_.upgrade.empty() ? resolve(request_.url, *location, http_schemes)
                                             : resolve(request_.url, *location, websocket_schemes);
  if (!next)
    fail(request_.url, "it says to ask elsewhere, and what it names " + next.error().what, Again::useless);
  if (request_.url.tls && !next->tls)
    fail(request_.url, "it says to ask elsewhere without TLS, which is refused", Again::useless);
  if (!request_.socket.empty() && next->authority != request_.url.authority)
    fail(request_.url, "it says to ask another server, which a Unix socket does not lead to", Again::useless);
  const bool becomes_get = head().status == 303 || (head().status <= 302 && request_.method == "POST");
  if (becomes_get && request_.method != "HEAD") {
    request_.method = "GET";
    request_.body.clear();
    drop_field(request_, "Content-Type");
  }
  if (!request_.url.same_origin(*next)) {
    drop_field(request_, "Authorization");
    drop_field(request_, "Cookie");
    drop_field(request_, "Host");
  }
  const std::string userinfo = request_.url.same_origin(*next) ? request_.url.userinfo : "";
  request_.url = *next;
  if (request_.url.userinfo.empty()) request_.url.userinfo = userinfo;
  return true;
}

void HttpExchange::find_framing() {
  const HttpHead& answer = head();
  if (answer.status == 204 || answer.status == 304) return;
  if (answer.status == 101) {
    framing_ = Framing::until_close;
    return;
  }
  if (const std::string* coding = answer.find("Content-Encoding");
      coding && (*coding != "identity" || answer.count("Content-Encoding") > 1))
    fail(request_.url, "its answer is compressed (" + *coding + "), unasked", Again::useless);
  if (const std::string* coding = answer.find("Transfer-Encoding")) {
    if (!same_field(*coding, "chunked") || answer.count("Transfer-Encoding") > 1)
      fail(request_.url, "its answer has the transfer coding " + *coding, Again::useless);
    framing_ = Framing::chunked;
    return;
  }
  const std::string* length = answer.find("Content-Length");
  if (length == nullptr) {
    framing_ = Framing::until_close;
    return;
  }
  const char* const end = length->data() + length->size();
  const auto [behind, error] = std::from_chars(length->data(), end, left_);
  if (error != std::errc() || behind != end) fail(request_.url, "the length of its answer is no number");
  framing_ = Framing::length;
}

std::optional<std::size_t> HttpExchange::read_now(std::span<char> into) {
  if (framing_ == Framing::none) return 0;
  const std::size_t n = framing_ == Framing::chunked ? take_decoded(into) : take_plain(into);
  if (n == 0 && framing_ != Framing::none) return std::nullopt;
  return n;
}

Task<void> HttpExchange::more() {
  if (request_.idle.count() != 0) connection_->within(request_.idle);
  const std::size_t n = co_await read_some();
  if (request_.idle.count() != 0) connection_->at_leisure();  // that nobody asks for more is not its silence
  if (n != 0) co_return;
  if (framing_ != Framing::until_close) fail(request_.url, "its answer broke off");
  framing_ = Framing::none;
}

std::size_t HttpExchange::take_plain(std::span<char> into) {
  std::size_t n = std::min(into.size(), received_.size() - used_);
  if (framing_ == Framing::length) {
    n = std::min<std::uint64_t>(n, left_);
    left_ -= n;
  }
  std::copy_n(received_.data() + used_, n, into.data());
  used_ += n;
  // At the end there is nothing left to wait for; the present bytes are given first.
  if (framing_ == Framing::length && left_ == 0 && n == 0) framing_ = Framing::none;
  return n;
}

std::size_t HttpExchange::take_decoded(std::span<char> into) {
  if (given_ == decoded_.size()) {
    decoded_.clear();
    given_ = 0;
    used_ += chunks_.feed(received_.view().substr(used_), decoded_);
    if (chunks_.fault() != nullptr) fail(request_.url, std::string("in its answer ") + chunks_.fault());
    if (decoded_.empty() && chunks_.whole()) framing_ = Framing::none;
  }
  const std::size_t n = std::min(into.size(), decoded_.size() - given_);
  std::copy_n(decoded_.data() + given_, n, into.data());
  given_ += n;
  return n;
}

}  // namespace coyield::generators::net
