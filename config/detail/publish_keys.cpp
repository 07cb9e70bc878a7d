#include <coyield/config/detail/access_reader.hpp>
#include <coyield/config/detail/publish_keys.hpp>

namespace coyield::config::detail {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr std::int64_t most_items = 1'000'000'000;
constexpr std::int64_t deepest = 512;  // that any JSON may be here

const Parameter items_parameter{
    .name = "items", .type = ParameterType::integer, .minimum = Value(1), .maximum = Value(most_items)};

const Keys<Rate>& rate_keys() {
  static const Keys<Rate> keys = {
      field("items", &Rate::items, "So many items.", {1, most_items}),
      field("within", &Rate::within, "In any time so long.", {1ms, 24h}),
  };
  return keys;
}

/// A number of items a second, or an object.
Key<Publish> rate_key(std::string name, std::optional<Rate> Publish::* member, std::string summary) {
  auto read = [member](const Scope& scope, const Node& node, Publish& publish) {
    Rate rate;
    if (node.as<Node::Object>() != nullptr) {
      read_object(scope, node, rate_keys(), rate);
    } else if (auto items = read_value(scope, items_parameter, node)) {
      rate.items = static_cast<unsigned>(*items->as<std::int64_t>());
    }
    publish.*member = rate;
  };
  return {std::move(name), std::move(summary), std::move(read), [](const Catalogue& catalogue) -> Json {
            return {{"anyOf", {value_schema(items_parameter), object_schema(rate_keys(), catalogue)}}};
          }};
}

const Keys<Publish>& publish_keys() {
  static const Keys<Publish> keys = {
      {"access", "Who may publish: \"anyone\", a list of bearer tokens, or a file of them.",
       [](const Scope& scope, const Node& node, Publish& publish) {
         if (auto access = read_access(scope, node)) publish.access = std::move(*access);
       },
       [](const Catalogue&) { return access_schema(); }, true},
      field("max_item", &Publish::max_item,
            "The most that one item may have; more gets 413. Left out: as \"limits\" of the server say; over "
            "WebSocket no message is longer than \"max_message\" either.",
            {Size{1}, Size{1ull << 30}}),
      field("max_depth", &Publish::max_depth,
            "How deep arrays and objects may be nested in JSON; deeper gets 422.", {1, deepest}),
      rate_key("rate", &Publish::rate,
               "How many items the topic takes: a number a second, or an object with \"items\" and "
               "\"within\". More gets 429. Left out: any number."),
      rate_key("client_rate", &Publish::client_rate,
               "The same for each client, by its address. Left out: any number."),
  };
  return keys;
}

void read_publish(const Scope& scope, const Node& node, EndpointConfig& endpoint) {
  Publish publish;
  if (node.as<Node::Object>() != nullptr && node.find("file") == nullptr) {
    read_object(scope, node, publish_keys(), publish);
  } else if (auto access = read_access(scope, node)) {
    publish.access = std::move(*access);
  }
  endpoint.publish = std::move(publish);
}

/// What one endpoint says of its topic, and another too.
struct Contradiction {
  const char* key;
  const char* of_topic;
};

std::optional<Contradiction> contradiction(const EndpointConfig& one, const EndpointConfig& other) {
  if (one.is_plain_topic() && other.is_plain_topic() && one.share != other.share)
    return Contradiction{"share", "what is kept of a topic"};
  if (one.publish && other.publish &&
      (one.publish->rate != other.publish->rate || one.publish->client_rate != other.publish->client_rate))
    return Contradiction{"publish", "how much a topic takes"};
  return std::nullopt;
}

}  // namespace

Key<EndpointConfig> publish_key() {
  return {"publish",
          "Who may publish to the topic of this endpoint, by POST or WebSocket: \"anyone\", a list of bearer "
          "tokens, a file of them, or an object with \"access\" and limits. Left out: nobody.",
          read_publish, [](const Catalogue& catalogue) -> Json {
            Json any = access_schema();
            any["anyOf"].push_back(object_schema(publish_keys(), catalogue));
            return any;
          }};
}

void check_topic_endpoint(const Scope& scope, const Node& node, const EndpointConfig& endpoint) {
  if (endpoint.source.empty()) return;
  if (endpoint.publish && !endpoint.is_topic()) {
    scope.key("publish").problem(
        node.find("publish")->position,
        {"only a topic can be published to, and this is the source " + in_quotes(endpoint.source.name()),
         R"(write "source": { "topic": "NAME" }, or remove "publish")"});
  }
  if (endpoint.is_topic() && endpoint.input) {
    scope.key("input").problem(node.find("input")->position,
                               {"what clients send to a topic is published", R"(write "publish" instead)"});
  }
}

void check_topics(const Scope& endpoints, const Configuration& configuration) {
  const auto& all = configuration.endpoints;
  for (auto other = all.begin(); other != all.end(); ++other) {
    if (!other->is_topic()) continue;
    for (auto one = all.begin(); one != other; ++one) {
      if (!one->is_topic() || !may_be_equal(one->source.text_of("name"), other->source.text_of("name")))
        continue;
      const auto found = contradiction(*one, *other);
      if (!found) continue;
      endpoints.key(other->pattern.text)
          .key(found->key)
          .problem(other->position,
                   {"may be for the same topic as " + in_quotes(one->pattern.text) + " on line " +
                        std::to_string(one->position.line) + ", which says otherwise " + found->of_topic,
                    "write the same there, or give the topics names that differ"});
    }
  }
}

}  // namespace coyield::config::detail
