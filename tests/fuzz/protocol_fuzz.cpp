#include <coyield/generators/json_check.hpp>
#include <coyield/handlers/protocol.hpp>
#include <nlohmann/json.hpp>

#include "fuzz.hpp"

// A message of a client, and nlohmann's opinion of what it says. The first byte chooses where it is said.

namespace {

using namespace coyield;
using namespace coyield::handlers;
using fuzz::require;
using nlohmann::json;

bool is_name(const std::string& name) { return !name.empty() && name.size() <= most_name; }
std::string text_at(const json& message, const char* member) { return message.at(member); }
std::string text_or(const json& message, const char* member) { return message.value(member, std::string()); }

void check(const Nonsense& message, const json&) {
  require(!message.detail.empty(), "nonsense is explained");
}
void check(const Subscribe& message, const json& said) {
  require(message.target == text_at(said, "subscribe"), "the target is what was said");
  require(message.target.starts_with('/'), "the target is a path");
  require(is_name(message.sub) && message.sub == text_at(said, "sub"), "the name is what was said");
  require(message.last_event_id == text_or(said, "last_event_id"), "the id is what was said");
  require(message.request.has_value() == said.contains("request"), "credits are there where they were said");
  if (message.request) require(*message.request == said.at("request"), "credits are what was said");
}
void check(const RequestItems& message, const json& said) {
  require(message.items == said.at("request"), "the items are what was said");
  require(message.items != 0 && message.items <= most_requested, "the items are within their bounds");
  require(message.sub == text_or(said, "sub"), "the name is what was said");
}
void check(const Unsubscribe& message, const json& said) {
  require(is_name(message.sub) && message.sub == text_at(said, "unsubscribe"), "the name is what was said");
}
void check(const Publish& message, const json& said) {
  require(message.target == text_at(said, "publish"), "the target is what was said");
  require(generators::is_json(message.data), "the data are JSON on one line");
  require(json::parse(message.data) == said.at("data"), "the data are what was said");
  require(message.ref == text_or(said, "ref") && message.key == text_or(said, "key"),
          "the names are what was said");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text = fuzz::as_text(data, size);
  const bool one = fuzz::take_byte(text) == '1';
  const ClientMessage message = parse_client_message(text, one ? ProtocolScope::one : ProtocolScope::many);
  if (const auto* nonsense = std::get_if<Nonsense>(&message)) {
    check(*nonsense, {});
    require(nonsense->sub.size() <= most_name && nonsense->ref.size() <= most_name, "names are short");
    return 0;
  }
  if (one) require(std::holds_alternative<RequestItems>(message), "on an endpoint there are requests alone");
  const json said = json::parse(text, nullptr, false);
  // What nlohmann has no number for it does not read; only in what is published may there be such.
  if (said.is_discarded()) {
    require(std::holds_alternative<Publish>(message), "what is taken is JSON");
    return 0;
  }
  std::visit([&](const auto& each) { check(each, said); }, message);
  return 0;
}
