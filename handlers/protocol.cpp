#include <coyield/handlers/protocol.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <coyield/config/mistake.hpp>
#include <coyield/generators/json_check.hpp>
#include <coyield/generators/json_value.hpp>
#include <utility>

namespace coyield::handlers {

namespace {

using generators::JsonValue;

constexpr std::string_view blanks = " \t\r\n";

/// The members of an object, one after the other. The text is known to be valid JSON, so that where a value
/// ends can be seen from its brackets and quotes alone.
class Members {
 public:
  explicit Members(std::string_view object) : rest_(object.substr(1)) {}

  /// The next name and value; none at the end.
  std::optional<std::pair<std::string, JsonValue>> next() {
    rest_.remove_prefix(rest_.find_first_not_of(" \t\r\n,"));
    if (rest_.front() == '}') return std::nullopt;
    const std::string_view name = take(end_of_string(rest_));
    rest_.remove_prefix(rest_.find_first_not_of(" \t\r\n:"));
    const std::string_view value = take(end_of_value(rest_));
    return std::pair(std::string(JsonValue::json(name).text()), JsonValue::json(value));
  }

 private:
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  static std::size_t end_of_string(std::string_view text) {
    std::size_t at = 1;
    while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    return at + 1;
  }

  static std::size_t end_of_value(std::string_view text) {
    if (text.front() == '"') return end_of_string(text);
    if (text.front() != '{' && text.front() != '[') return text.find_first_of(" \t\r\n,}");
    unsigned depth = 0;
    std::size_t at = 0;
    do {
      const char c = text[at];
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      at += c == '"' ? end_of_string(text.substr(at)) : 1;
    } while (depth != 0);
    return at;
  }

  std::string_view rest_;
};

/// All that a message may have, each missing where it is not there.
struct Values {
  JsonValue subscribe, unsubscribe, request, publish, sub, last_event_id, data, ref, key;
};

struct KnownMember {
  std::string_view name;
  JsonValue Values::* value;
};
constexpr std::array<KnownMember, 9> known_members{{{"subscribe", &Values::subscribe},
                                                    {"unsubscribe", &Values::unsubscribe},
                                                    {"publish", &Values::publish},
                                                    {"request", &Values::request},
                                                    {"sub", &Values::sub},
                                                    {"last_event_id", &Values::last_event_id},
                                                    {"data", &Values::data},
                                                    {"ref", &Values::ref},
                                                    {"key", &Values::key}}};

bool is_there(const JsonValue& value) noexcept { return value.kind() != JsonValue::Kind::missing; }

/// Reads the values of one message, and keeps the first thing that is wrong with them.
class Reader {
 public:
  bool good() const noexcept { return mistake_.empty(); }
  std::string take_mistake() noexcept { return std::move(mistake_); }

  void read(std::string_view object) {
    Members members(object);
    while (auto member = members.next()) keep(member->first, member->second);
  }
  const Values& values() const noexcept { return values_; }

  /// Refuses what stands there and is not among `names`, which belong to `command`.
  void allow(std::string_view command, std::initializer_list<std::string_view> names) {
    for (const KnownMember& known : known_members) {
      const bool allowed =
          known.name == command || std::find(names.begin(), names.end(), known.name) != names.end();
      if (is_there(values_.*known.value) && !allowed) {
        refuse(config::in_quotes(known.name) + " does not belong to " + config::in_quotes(command));
      }
    }
  }

  /// A string of `least` to `most` bytes. One that is missing is empty.
  std::string text(std::string_view name, std::size_t least, std::size_t most) {
    const JsonValue& value = find(name);
    if (!is_there(value)) {
      if (least != 0) refuse(config::in_quotes(name) + " is missing: a string");
      return {};
    }
    if (value.kind() != JsonValue::Kind::text) {
      refuse(config::in_quotes(name) + " is a string, not " + std::string(value.raw().substr(0, 40)));
      return {};
    }
    std::string text(value.text());
    if (text.size() < least || text.size() > most) {
      refuse(config::in_quotes(name) + " has " + std::to_string(text.size()) + " bytes; it has 1 to " +
             std::to_string(most));
    }
    return text;
  }

  std::string target(std::string_view name) {
    std::string target = text(name, 1, std::string::npos);
    if (good() && !target.starts_with('/')) {
      refuse(config::in_quotes(name) + " is a path with its query, as in \"/ticks?every=1s\"; " +
             config::in_quotes(target.substr(0, 40)) + " does not begin with \"/\"");
    }
    return target;
  }

  std::uint64_t items() {
    const std::string_view raw = values_.request.raw();
    std::uint64_t items = 0;
    const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), items);
    const bool whole = error == std::errc() && end == raw.data() + raw.size();
    if (!whole || items == 0 || items > most_requested) {
      refuse("\"request\" is a whole number of items, 1 to " + std::to_string(most_requested) + ", not " +
             std::string(raw.substr(0, 40)));
    }
    return items;
  }

  void refuse(std::string mistake) {
    if (good()) mistake_ = std::move(mistake);
  }

 private:
  JsonValue& find(std::string_view name) {
    return values_.*
           std::find_if(known_members.begin(), known_members.end(), [name](const KnownMember& known) {
             return known.name == name;
           })->value;
  }

  void keep(const std::string& name, const JsonValue& value) {
    const auto known = std::find_if(known_members.begin(), known_members.end(),
                                    [&name](const KnownMember& each) { return each.name == name; });
    if (known == known_members.end())
      return refuse("the member " + config::in_quotes(name.substr(0, 40)) + " is not known");
    if (is_there(values_.*known->value)) return refuse(config::in_quotes(name) + " is there twice");
    values_.*known->value = value;
  }

  Values values_;
  std::string mistake_;
};

ClientMessage or_nonsense(Reader& reader, ClientMessage message, std::string sub = {}, std::string ref = {}) {
  if (reader.good()) return message;
  return Nonsense{.detail = reader.take_mistake(), .sub = std::move(sub), .ref = std::move(ref)};
}

/// The name that a message has for something, if that is one: it is told by it what is wrong.
std::string usable_name(const JsonValue& value) {
  if (value.kind() != JsonValue::Kind::text) return {};
  std::string name(value.text());
  return name.size() <= most_name ? name : std::string();
}

ClientMessage read_subscribe(Reader& reader) {
  reader.allow("subscribe", {"sub", "last_event_id", "request"});
  Subscribe message{.target = reader.target("subscribe"),
                    .sub = reader.text("sub", 1, most_name),
                    .last_event_id = reader.text("last_event_id", 0, std::string::npos)};
  if (is_there(reader.values().request)) message.request = reader.items();
  return or_nonsense(reader, std::move(message), usable_name(reader.values().sub));
}

ClientMessage read_publish(Reader& reader) {
  reader.allow("publish", {"data", "ref", "key"});
  Publish message{.target = reader.target("publish"),
                  .data = {},
                  .ref = reader.text("ref", 0, most_name),
                  .key = reader.text("key", 0, std::string::npos)};
  if (is_there(reader.values().data)) {
    generators::Buffer compact;
    generators::append_compact_json(compact, reader.values().data.raw());
    message.data = compact.view();
  } else {
    reader.refuse("\"data\" is missing: what is to be published, any JSON");
  }
  return or_nonsense(reader, std::move(message), {}, usable_name(reader.values().ref));
}

ClientMessage read_unsubscribe(Reader& reader) {
  reader.allow("unsubscribe", {});
  return or_nonsense(reader, Unsubscribe{reader.text("unsubscribe", 1, most_name)});
}

ClientMessage read_request(Reader& reader, ProtocolScope scope) {
  const bool one = scope == ProtocolScope::one;
  if (one) {
    reader.allow("request", {});
  } else {
    reader.allow("request", {"sub"});
  }
  RequestItems message{.sub = one ? std::string() : reader.text("sub", 1, most_name),
                       .items = reader.items()};
  return or_nonsense(reader, std::move(message));
}

ClientMessage read_for_one(Reader& reader) {
  if (is_there(reader.values().request)) return read_request(reader, ProtocolScope::one);
  reader.refuse("the stream of this endpoint takes {\"request\": ITEMS} alone; subscribe on /.coyield/ws");
  return or_nonsense(reader, Nonsense());
}

ClientMessage read_for_many(Reader& reader) {
  const Values& values = reader.values();
  if (is_there(values.subscribe)) return read_subscribe(reader);
  if (is_there(values.unsubscribe)) return read_unsubscribe(reader);
  if (is_there(values.publish)) return read_publish(reader);
  if (is_there(values.request)) return read_request(reader, ProtocolScope::many);
  reader.refuse("the message says nothing of \"subscribe\", \"unsubscribe\", \"request\" or \"publish\"");
  return or_nonsense(reader, Nonsense());
}

}  // namespace

std::string_view protocol_schema() noexcept {
  return
#include "coyield.v1.schema.json.inc"
      ;
}

ClientMessage parse_client_message(std::string_view text, ProtocolScope scope) {
  using generators::JsonVerdict;
  const JsonVerdict verdict = generators::check_json(text, generators::JsonLineBreaks::allowed);
  if (verdict == JsonVerdict::too_deep) return Nonsense{.detail = "the message is nested too deeply"};
  if (verdict != JsonVerdict::good) return Nonsense{.detail = "the message is not JSON"};
  text.remove_prefix(text.find_first_not_of(blanks));
  if (text.front() != '{') return Nonsense{.detail = "the message is no JSON object"};
  Reader reader;
  reader.read(text);
  return scope == ProtocolScope::one ? read_for_one(reader) : read_for_many(reader);
}

}  // namespace coyield::handlers
