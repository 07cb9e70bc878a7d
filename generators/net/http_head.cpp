#include <coyield/generators/net/http_head.hpp>

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <coyield/generators/failure.hpp>

namespace coyield::generators::net {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t longest_head = 64 * 1024;

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

std::string text_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

bool same_field(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

const std::string* HttpHead::find(std::string_view name) const noexcept {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [&](const auto& each) { return same_field(each.first, name); });
  return found == fields.end() ? nullptr : &found->second;
}

std::size_t HttpHead::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::count_if(
      fields.begin(), fields.end(), [&](const auto& each) { return same_field(each.first, name); }));
}

class HttpHeadReader::Parser : public http::response_parser<http::empty_body> {};

HttpHeadReader::HttpHeadReader() : parser_(std::make_unique<Parser>()) {
  parser_->header_limit(longest_head);
  parser_->body_limit(boost::none);
}
HttpHeadReader::~HttpHeadReader() = default;

std::size_t HttpHeadReader::feed(std::string_view bytes) {
  boost::system::error_code error;
  const std::size_t used = parser_->put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  const bool too_long = error == http::error::header_limit || bytes.size() > longest_head;
  if ((error && error != http::error::need_more) || (too_long && !parser_->is_header_done())) {
    throw Failure(FailureKind::upstream, too_long ? "the head of its answer is too long"
                                                  : "its answer is no HTTP: " + error.message());
  }
  if (!parser_->is_header_done()) return used;
  const auto& message = parser_->get();
  HttpHead head{message.result_int(), text_of(message.reason()), message.version() < 11, {}};
  for (const auto& field : message)
    head.fields.emplace_back(text_of(field.name_string()), text_of(field.value()));
  head_ = std::move(head);
  return used;
}

}  // namespace coyield::generators::net
