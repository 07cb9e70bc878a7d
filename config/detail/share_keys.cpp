#include <coyield/config/detail/share_keys.hpp>
#include <coyield/config/since.hpp>

namespace coyield::config::detail {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr std::int64_t most_items = 1'000'000'000;
constexpr Size most_bytes{1ull << 40};
/// A limit by age alone must not let a fast stream fill the memory.
constexpr std::uint64_t bytes_of_replay = 64ull << 20;

/// The number that may stand for an object with "items" alone.
Parameter items_parameter(std::int64_t least) {
  return {
      .name = "items", .type = ParameterType::integer, .minimum = Value(least), .maximum = Value(most_items)};
}

const Keys<Reach>& replay_keys() {
  static const Keys<Reach> keys = {
      field("items", &Reach::items, "So many items, the newest. Left out: any number.", {0, most_items}),
      field("bytes", &Reach::bytes, "So many bytes of them. Left out: \"64MiB\".", {Size{0}, most_bytes}),
      field("age", &Reach::age, "None that is older. Left out: of any age.", {0s, 8760h}),
  };
  return keys;
}

const Keys<Reach>& queue_keys() {
  static const Keys<Reach> keys = {
      field("items", &Reach::items, "So many items. Left out: 1024, or any number where \"bytes\" is given.",
            {1, most_items}),
      field("bytes", &Reach::bytes, "So many bytes of them. Left out: \"1MiB\".", {Size{1}, most_bytes}),
  };
  return keys;
}

/// A number of items, or an object.
template <class Behind>
Key<Share> reach(std::string name, Reach Share::* member, std::string summary, const Keys<Reach>& keys,
                 std::int64_t least, Behind default_bytes) {
  auto read = [&keys, member, least, default_bytes](const Scope& scope, const Node& node, Share& share) {
    Reach reach;
    if (node.as<Node::Object>() != nullptr) {
      read_object(scope, node, keys, reach);
    } else if (auto items = read_value(scope, items_parameter(least), node)) {
      reach.items = static_cast<unsigned>(*items->as<std::int64_t>());
    }
    if (!reach.bytes) reach.bytes = default_bytes;
    share.*member = reach;
  };
  return {std::move(name), std::move(summary), std::move(read),
          [&keys, least](const Catalogue& catalogue) -> Json {
            return {{"anyOf", {value_schema(items_parameter(least)), object_schema(keys, catalogue)}}};
          }};
}

Key<Share> since_key() {
  return {
      "since",
      "Where a subscriber begins that does not say it: \"latest\", with what comes, \"earliest\", with all "
      "of the replay, \"-10\", with the newest ten of it, or \"start\", where the source starts, whatever "
      "others have had: for sources whose items have ids. Left out: \"latest\".",
      [](const Scope& scope, const Node& node, Share& share) {
        static const Parameter text{.name = "since"};
        const auto word = read_value(scope, text, node);
        if (!word) return;
        if (const auto since = parse_since(*word->as<std::string>())) {
          share.since = *since;
        } else {
          scope.problem(node.position, since.error());
        }
      },
      [](const Catalogue&) -> Json {
        return {{"type", "string"}, {"pattern", "^(latest|earliest|start|-[0-9]+)$"}, {"default", "latest"}};
      }};
}

const Keys<Share>& share_keys() {
  static const Keys<Share> keys = {
      reach(
          "replay", &Share::replay,
          "What is kept for who comes later, or comes back: a number of items, or an object with \"items\", "
          "\"bytes\" and \"age\", of which whichever is met first counts. Left out: nothing.",
          replay_keys(), 0, bytes_of_replay),
      reach(
          "queue", &Share::queue,
          "How far a subscriber may be behind: a number of items, or an object with \"items\" and \"bytes\". "
          "Left out: 1024 items and 1 MiB.",
          queue_keys(), 1, 1024ull * 1024),
      choice("slow", &Share::slow,
             "What becomes of one that is further behind: it is disconnected and can resume; it misses the "
             "oldest, or the newest, or gets the latest alone, and is told so; or all wait for it.",
             {"disconnect", "drop_oldest", "drop_newest", "latest", "block"}),
      choice("start", &Share::start, "When the generator begins to run.", {"first_subscriber", "at_once"}),
      field("linger", &Share::linger,
            "How long it runs on when the last subscriber has left; a topic lives on when nobody publishes "
            "or reads any more. Left out: not at all; a topic an hour.",
            {0s, 8760h}),
      choice(
          "restart", &Share::restart,
          "Whether it is made again when it is over while it has subscribers: when it has failed, or always. "
          "They miss nothing where its items have ids, and are told of a gap where they have none.",
          {"never", "on_failure", "always"}),
      since_key(),
      field("max_instances", &Share::max_instances,
            "How many generators there may be, one for each set of values that requests bring; who asks for "
            "one more gets 503.",
            {1, 10'000'000}),
  };
  return keys;
}

/// Some value of a request that plays a part in the stream.
std::optional<Reference> any_reference(const EndpointConfig& endpoint) {
  if (!endpoint.source.empty()) {
    if (const auto all = endpoint.source.references(); !all.empty()) return all.front();
  }
  for (const ComponentConfig& op : endpoint.pipeline) {
    if (const auto all = op.references(); !all.empty()) return all.front();
  }
  return std::nullopt;
}

}  // namespace

Key<EndpointConfig> share_key() {
  return section(
      "share", &EndpointConfig::share,
      "One generator for all who ask with the same values, where it is given: {} will do. Left out: "
      "one for each client.",
      share_keys());
}

namespace {

/// Nothing makes a topic's items but those who publish them.
void check_topic(const Scope& scope, const Node& node, const EndpointConfig& endpoint) {
  const auto refuse = [&](const char* key, const char* why) {
    scope.key(key).problem(node.find(key)->position, {why, std::string("leave ") + in_quotes(key) + " out"});
  };
  if (endpoint.share->start == ShareStart::at_once)
    refuse("start", "a topic has no generator that could start");
  if (endpoint.share->restart != ShareRestart::never)
    refuse("restart", "a topic has no generator that could be made again");
  if (endpoint.share->since == Share::start_of_source)
    refuse("since", "a topic has only what it keeps: \"earliest\" is all of that");
}

}  // namespace

void check_share(const Scope& scope, const Node& node, const EndpointConfig& endpoint) {
  if (endpoint.input) {
    scope.problem(node.position, {"what clients send cannot reach a generator that others read as well",
                                  "remove \"share\" or \"input\""});
  }
  if (endpoint.is_plain_topic()) return check_topic(scope, node, endpoint);
  if (endpoint.share->start != ShareStart::at_once) return;
  if (const auto reference = any_reference(endpoint)) {
    const Node* start = node.find("start");
    scope.key("start").problem(start->position,
                               {"nothing can start at once that waits for ${" + to_string(*reference) + "}",
                                "remove \"start\", or the value of the request"});
  }
}

}  // namespace coyield::config::detail
