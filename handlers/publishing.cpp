#include <coyield/handlers/publishing.hpp>

#include <algorithm>
#include <array>
#include <coyield/config/mistake.hpp>
#include <coyield/generators/integer_text.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/json_text.hpp>
#include <coyield/generators/utf8.hpp>
#include <coyield/handlers/fields.hpp>
#include <utility>

namespace coyield::handlers {

namespace {

using generators::Buffer;
using generators::Failure;
using generators::FailureKind;
using generators::Item;
using generators::JsonVerdict;

constexpr std::array<std::pair<std::string_view, PublishedAs>, 10> media_types{{
    {"application/json", PublishedAs::json},
    {"application/x-ndjson", PublishedAs::lines},
    {"application/ndjson", PublishedAs::lines},
    {"application/jsonl", PublishedAs::lines},
    {"application/jsonlines", PublishedAs::lines},
    {"application/x-jsonlines", PublishedAs::lines},
    {"application/octet-stream", PublishedAs::bytes},
    {"application/x-www-form-urlencoded", PublishedAs::json_or_text},
    {"text/json", PublishedAs::json},
    {"text/plain", PublishedAs::text},
}};

bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && equal_ignoring_case(text.substr(text.size() - end.size()), end);
}

Failure unprocessable(const std::string& why) { return {FailureKind::unprocessable, why}; }

/// In one line, whatever its writer has put between its parts.
Item json_item(std::string_view text) {
  const std::size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text.remove_prefix(begin);
  text = text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  if (text.find_first_of("\r\n") == std::string_view::npos) return Item::json(text).own();
  Buffer compact(text.size());
  generators::append_compact_json(compact, text);
  return Item::json(compact.view()).own();
}

Taken take_json(const Publication& publication, std::string_view text) {
  switch (generators::check_json(text, generators::JsonLineBreaks::allowed, publication.max_depth)) {
    case JsonVerdict::good:
      return json_item(text);
    case JsonVerdict::too_deep:
      return unprocessable("the item is nested deeper than the " + std::to_string(publication.max_depth) +
                           " levels that \"max_depth\" allows here");
    case JsonVerdict::wrong:
      break;
  }
  return unprocessable(text.empty() ? "there is no item: what was sent is empty" : "the item is no JSON");
}

Taken take_text(std::string_view text) {
  if (!generators::is_utf8(text)) return unprocessable("the item is no UTF-8, as text has to be");
  return Item::text(text).own();
}

/// What is nested too deep is meant to be JSON, and nothing is no text either.
Taken take_json_or_text(const Publication& publication, std::string_view text) {
  using generators::JsonLineBreaks;
  const bool no_json =
      generators::check_json(text, JsonLineBreaks::allowed, publication.max_depth) == JsonVerdict::wrong;
  return no_json && !text.empty() ? take_text(text) : take_json(publication, text);
}

}  // namespace

std::optional<PublishedAs> published_as(std::optional<std::string_view> content_type) {
  if (!content_type) return PublishedAs::json_or_text;
  const std::string_view type = trim(content_type->substr(0, content_type->find(';')));
  const auto named = [type](const auto& each) { return equal_ignoring_case(each.first, type); };
  const auto found = std::find_if(media_types.begin(), media_types.end(), named);
  if (found != media_types.end()) return found->second;
  if (ends_with_ignoring_case(type, "+json")) return PublishedAs::json;
  return std::nullopt;
}

Taken take_item(const Publication& publication, PublishedAs as, std::string_view text) {
  if (text.size() > publication.max_item) {
    return Failure(FailureKind::too_large, "the item has " + std::to_string(text.size()) +
                                               " bytes, and may have " +
                                               std::to_string(publication.max_item));
  }
  switch (as) {
    case PublishedAs::bytes:
      return Item::bytes(text).own();
    case PublishedAs::text:
      return take_text(text);
    case PublishedAs::json_or_text:
      return take_json_or_text(publication, text);
    case PublishedAs::json:
    case PublishedAs::lines:
      break;
  }
  return take_json(publication, text);
}

void append_published(Buffer& out, std::string_view id) {
  out.append(R"({"id":)");
  generators::append_json_string(out, id);
  out.append("}\n");
}

void append_refused(Buffer& out, const Failure& failure) {
  const unsigned status = status_of(failure.kind());
  out.append(R"({"error":{"title":)");
  generators::append_json_string(out, reason_phrase(status));
  out.append(R"(,"status":)");
  generators::append_integer(out, status);
  out.append(R"(,"detail":)");
  generators::append_json_string(out, failure.message());
  out.append("}}\n");
}

std::string address_of(std::string_view client) {
  if (client.starts_with('[')) return std::string(client.substr(0, client.find(']') + 1));
  const std::size_t colon = client.find(':');
  // Of an IPv6 address without a port there are several.
  return std::string(colon == client.rfind(':') ? client.substr(0, colon) : client);
}

}  // namespace coyield::handlers
