// Every key that a configuration file may have, outside of what the components describe themselves. Reading,
// checking and the schema all come from these tables.
#include <algorithm>
#include <coyield/config/detail/access_reader.hpp>
#include <coyield/config/detail/component_reader.hpp>
#include <coyield/config/detail/endpoint_links.hpp>
#include <coyield/config/detail/keys.hpp>
#include <coyield/config/detail/publish_keys.hpp>
#include <coyield/config/detail/share_keys.hpp>
#include <coyield/config/host_pattern.hpp>

namespace coyield::config::detail {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

constexpr std::int64_t most_threads = 1024;
constexpr std::int64_t most_connections = 100'000'000;
constexpr std::int64_t most_programs = 100'000;

constexpr Size kib(std::uint64_t count) { return {count << 10}; }
constexpr Size mib(std::uint64_t count) { return {count << 20}; }

const Parameter text_parameter{.name = "text"};
const Parameter list_parameter{.name = "list", .type = ParameterType::list};

template <class T>
std::optional<T> accept(const Scope& scope, Position position, const Checked<T>& checked) {
  if (checked) return *checked;
  scope.problem(position, checked.error());
  return std::nullopt;
}

std::optional<std::string> read_text(const Scope& scope, const Node& node) {
  auto value = read_value(scope, text_parameter, node);
  return value ? std::optional(*value->as<std::string>()) : std::nullopt;
}

// ---- addresses

Json address_schema() {
  return {{"type", "string"}, {"examples", {"127.0.0.1:8080", "[::1]:8080", "unix:/run/coyield.sock"}}};
}

std::optional<ListenAddress> read_address(const Scope& scope, const Node& node) {
  // A port alone, which gets its own advice.
  auto text = node.as<std::int64_t>() ? std::optional(to_json(node).dump()) : read_text(scope, node);
  return text ? accept(scope, node.position, parse_listen_address(*text)) : std::nullopt;
}

void add_address(const Scope& scope, const Node& node, std::vector<ListenAddress>& addresses) {
  auto address = read_address(scope, node);
  if (!address) return;
  const bool known = std::ranges::find(addresses, *address) != addresses.end();
  if (known)
    return scope.problem(node.position, {in_quotes(to_string(*address)) + " is listed twice", "keep one"});
  addresses.push_back(std::move(*address));
}

void read_listen(const Scope& scope, const Node& node, ServerConfig& server) {
  server.listen.clear();
  const auto* list = node.as<Node::Array>();
  if (!list) return add_address(scope, node, server.listen);
  if (list->empty()) scope.problem(node.position, {"the list is empty", "write [\"127.0.0.1:8080\"]"});
  for (std::size_t i = 0; i < list->size(); ++i) add_address(scope.index(i), (*list)[i], server.listen);
}

Key<ServerConfig> listen_key() {
  return {"listen", "Where to listen: an address with a port, \"unix:\" and a path, or a list of them.",
          read_listen, [](const Catalogue&) -> Json {
            Json several = {{"type", "array"}, {"items", address_schema()}, {"minItems", 1}};
            return {{"anyOf", {address_schema(), several}}, {"default", to_string(ListenAddress{})}};
          }};
}

// ---- who may read

template <class T>
Key<T> access_key(std::string summary) {
  return {"access", std::move(summary),
          [](const Scope& scope, const Node& node, T& out) {
            if (auto access = read_access(scope, node)) out.access = std::move(*access);
          },
          [](const Catalogue&) { return access_schema(); }};
}

// ---- the admin address

const Keys<Admin>& admin_keys() {
  static const Keys<Admin> keys = {
      {"listen", "Where to listen: an address with a port, or \"unix:\" and a path.",
       [](const Scope& scope, const Node& node, Admin& admin) {
         if (auto address = read_address(scope, node)) admin.listen = std::move(*address);
       },
       [](const Catalogue&) { return address_schema(); }, true},
      access_key<Admin>(
          "Who may see figures and streams, and stop one: \"anyone\", or a list of bearer tokens. Must be "
          "said where other machines reach the address."),
  };
  return keys;
}

void check_admin(const Scope& scope, const Node& node, const Admin& admin, const ServerConfig& server) {
  const auto address = in_quotes(to_string(admin.listen));
  if (!is_local(admin.listen) && node.find("access") == nullptr) {
    scope.problem(
        node.position,
        {"at " + address + " other machines could stop streams, and \"access\" does not say who may",
         "write \"127.0.0.1:9090\", or { \"listen\": " + address +
             ", \"access\": [\"${env.ADMIN_TOKEN}\"] }"});
  }
  if (admin.listen.port != 0 && std::ranges::find(server.listen, admin.listen) != server.listen.end()) {
    scope.problem(node.position, {address + " is what \"listen\" says as well",
                                  "give it a port of its own, such as \"127.0.0.1:9090\""});
  }
}

void read_admin(const Scope& scope, const Node& node, ServerConfig& server) {
  const std::size_t problems = scope.problem_count();
  Admin admin;
  if (node.as<Node::Object>() != nullptr) {
    read_object(scope, node, admin_keys(), admin);
  } else if (auto address = read_address(scope, node)) {
    admin.listen = std::move(*address);
  }
  if (scope.problem_count() != problems) return;
  check_admin(scope, node, admin, server);
  server.admin = std::move(admin);
}

Key<ServerConfig> admin_key() {
  return {
      "admin",
      "Where operators look: /healthz, /readyz, /metrics, and /streams, where running ones are listed and "
      "stopped. An address, or an object with \"listen\" and \"access\". Left out: nowhere.",
      read_admin, [](const Catalogue& catalogue) -> Json {
        return {{"anyOf", {address_schema(), object_schema(admin_keys(), catalogue)}}};
      }};
}

// ---- cors

std::optional<Mistake> check_origin(std::string_view origin) {
  if (origin == "*") return std::nullopt;
  const auto scheme_end = origin.find("://");
  const auto advice = "write a scheme, a host and maybe a port, such as \"https://example.com\", or \"*\"";
  if (scheme_end == std::string_view::npos || scheme_end == 0)
    return Mistake{in_quotes(origin) + " is no origin", advice};
  const auto host = origin.substr(scheme_end + 3);
  const auto path = host.find_first_of("/?#");
  if (path != std::string_view::npos) {
    return Mistake{in_quotes(origin) + " has a path",
                   "write " + in_quotes(origin.substr(0, scheme_end + 3 + path))};
  }
  if (host.empty() || host.find_first_of(" *@,") != std::string_view::npos)
    return Mistake{in_quotes(origin) + " is no origin", advice};
  return std::nullopt;
}

void read_origins(const Scope& scope, const Node& node, Cors& cors) {
  auto value = read_value(scope, list_parameter, node);
  if (!value) return;
  cors.origins = *value->as<std::vector<std::string>>();
  const auto& nodes = *node.as<Node::Array>();
  for (std::size_t i = 0; i < cors.origins.size(); ++i) {
    if (auto mistake = check_origin(cors.origins[i])) scope.index(i).problem(nodes[i].position, *mistake);
  }
}

const Keys<Cors>& cors_keys() {
  static const Keys<Cors> keys = {
      {"origins",
       "Origins whose pages may read the streams in a browser: \"https://example.com\", or \"*\" for all.",
       read_origins, [](const Catalogue&) { return value_schema(list_parameter); }}};
  return keys;
}

// ---- hosts and proxies

/// A list of texts, each checked by `check`, which gives what is kept of it.
template <class Check, class T>
void read_each(const Scope& scope, const Node& node, Check check, std::vector<T>& out) {
  auto value = read_value(scope, list_parameter, node);
  if (!value) return;
  const auto& nodes = *node.as<Node::Array>();
  const auto& texts = *value->as<std::vector<std::string>>();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto one = accept(scope.index(i), nodes[i].position, check(texts[i]));
    if (one) out.push_back(std::move(*one));
  }
}

void read_hosts(const Scope& scope, const Node& node, ServerConfig& server) {
  read_each(scope, node, &parse_host_pattern, server.hosts.emplace());
}

Key<ServerConfig> hosts_key() {
  return {"hosts",
          "Names that the server answers to, against DNS rebinding: \"example.com\", \"*.example.com\", or "
          "\"*\" for any; IP addresses and localhost always count. Left out: any, but none on connections to "
          "a loopback address.",
          read_hosts, [](const Catalogue&) { return value_schema(list_parameter); }};
}

void read_proxies(const Scope& scope, const Node& node, ServerConfig& server) {
  Proxies& proxies = server.trusted_proxies;
  const auto check = [&proxies](const std::string& text) -> Checked<std::optional<Network>> {
    if (text == "unix") {
      proxies.unix_sockets = true;
      return std::optional<Network>();
    }
    const auto network = parse_network(text);
    if (!network) return network.error();
    return std::optional(*network);
  };
  std::vector<std::optional<Network>> networks;
  read_each(scope, node, check, networks);
  for (const auto& network : networks) {
    if (network) proxies.networks.push_back(*network);
  }
}

Key<ServerConfig> proxies_key() {
  return {"trusted_proxies",
          "Whose X-Forwarded-For is believed, for limits and the log: addresses and networks, \"127.0.0.1\", "
          "\"10.0.0.0/8\", and \"unix\" for all who come through a Unix socket. The client is the last "
          "address in it that is no such proxy.",
          read_proxies, [](const Catalogue&) { return value_schema(list_parameter); }};
}

// ---- server

const Keys<Limits>& limit_keys() {
  static const Keys<Limits> keys = {
      field("max_header", &Limits::max_header, "The most that a request's header may have.",
            {kib(1), mib(1)}),
      field("max_target", &Limits::max_target, "The most that a request's path and query may have.",
            {Size{128}, mib(1)}),
      field("max_message", &Limits::max_message, "The most that a message of a WebSocket client may have.",
            {Size{125}, mib(1024)}),
      field("max_item", &Limits::max_item,
            "The most that one item of a stream may have; more fails the stream.", {kib(1), mib(1024)}),
      field(
          "max_connections", &Limits::max_connections,
          "How many connections may be open; who comes then gets 503. 0 for as many as the process has file "
          "descriptors for, less an eighth that sources need.",
          {0, most_connections}),
      field("max_connections_per_address", &Limits::max_connections_per_address,
            "How many connections one address may have open (an IPv6 network of 64 bits is one); 0 for any "
            "number, since behind a proxy all clients have the same. Through \"trusted_proxies\" it counts "
            "the requests that a client has under way.",
            {0, most_connections}),
      field("max_programs", &Limits::max_programs,
            "How many programs the source exec may have running at a time, for all clients together; who "
            "comes then gets 503.",
            {0, most_programs}),
  };
  return keys;
}

const Keys<Timeouts>& timeout_keys() {
  static const Keys<Timeouts> keys = {
      field("header", &Timeouts::header, "How long a request's header may take.", {1ms, 1h}),
      field("idle", &Timeouts::idle, "How long a connection is kept open for its next request.", {1ms, 24h}),
      field("write", &Timeouts::write, "How long a client may take nothing before it is dropped.",
            {1ms, 24h}),
      field("least_rate", &Timeouts::least_rate,
            "Bytes a second; a client that takes less while more is waiting is dropped. \"0B\" switches it "
            "off.",
            {Size{0}, mib(1024)}),
      field("heartbeat", &Timeouts::heartbeat,
            "How long a quiet stream stays silent before it shows that it is alive.", {10ms, 24h}),
      field("first_item", &Timeouts::first_item,
            "How long the status of an answer waits for the first item, so that a stream that fails at once "
            "has a real status.",
            {0s, 1h}),
  };
  return keys;
}

const Keys<Log>& log_keys() {
  static const Keys<Log> keys = {
      choice("format", &Log::format, "How a line of the log is written.", {"text", "json"}),
      choice("level", &Log::level, "The least of what is logged.", {"debug", "info", "warning", "error"}),
  };
  return keys;
}

}  // namespace

const Keys<ServerConfig>& server_keys() {
  static const Keys<ServerConfig> keys = {
      listen_key(),
      admin_key(),
      field("threads", &ServerConfig::threads,
            "How many threads serve; 0 for as many as the process may use.", {0, most_threads}),
      field("drain", &ServerConfig::drain,
            "How long running streams have to end when the server is told to stop.", {0s, 24h}),
      hosts_key(),
      proxies_key(),
      field("memory", &ServerConfig::memory,
            "What may be held for all clients together: bytes that they have not taken, messages that no "
            "source has; beyond it those are dropped who hold the most. \"0B\" for no bound. Left out: half "
            "of what the control group grants, or no bound where there is none.",
            {Size{0}, Size{1ull << 50}}),
      section("limits", &ServerConfig::limits, "How much of anything one client may have.", limit_keys()),
      section("timeouts", &ServerConfig::timeouts, "How long the server waits for what.", timeout_keys()),
      field("gzip", &ServerConfig::gzip,
            "Whether streams over HTTP are compressed for clients that ask for it (some 40 KB each)."),
      section("cors", &ServerConfig::cors, "What browsers let pages of other origins read.", cors_keys()),
      access_key<ServerConfig>("Who may read endpoints that do not say it themselves: \"anyone\", a list of "
                               "bearer tokens, or a file "
                               "of them: { \"file\": \"/run/secrets/token\" }."),
      section("log", &ServerConfig::log, "What is logged, and how.", log_keys()),
  };
  return keys;
}

// ---- endpoints

namespace {

void read_source(const Scope& scope, const Node& node, EndpointConfig& endpoint) {
  auto source = read_component(scope, ComponentKind::source, node);
  if (source) endpoint.source = std::move(*source);
}

/// Those that an endpoint may have: WebSocket clients get theirs whatever it says.
std::vector<std::string> format_names(const Catalogue& catalogue) {
  std::vector<std::string> names = catalogue.names(ComponentKind::format);
  std::erase_if(names, [&](const std::string& name) {
    return !catalogue.find(ComponentKind::format, name)->configurable;
  });
  return names;
}

void read_format(const Scope& scope, const Node& node, EndpointConfig& endpoint) {
  auto name = read_text(scope, node);
  if (!name) return;
  endpoint.format = *name;
  const std::vector<std::string> names = format_names(scope.catalogue());
  if (std::find(names.begin(), names.end(), *name) != names.end()) return;
  scope.problem(node.position, {"there is no format " + in_quotes(*name), advise(*name, names)});
}

void read_columns(const Scope& scope, const Node& node, EndpointConfig& endpoint) {
  auto value = read_value(scope, list_parameter, node);
  if (!value) return;
  endpoint.columns = *value->as<std::vector<std::string>>();
  const auto& names = endpoint.columns;
  if (names.empty())
    scope.problem(node.position, {"there is no column", "name one, or leave \"columns\" out"});
  const auto& nodes = *node.as<Node::Array>();
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto end = names.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(names.begin(), end, names[i]) == end) continue;
    scope.index(i).problem(nodes[i].position, {in_quotes(names[i]) + " is listed twice", "keep one"});
  }
}

std::vector<std::string> names_for_clients(const Catalogue& catalogue) {
  std::vector<std::string> names = catalogue.names(ComponentKind::operator_);
  std::erase_if(names, [&](const std::string& name) {
    return !catalogue.find(ComponentKind::operator_, name)->for_clients;
  });
  return names;
}

void read_query_operators(const Scope& scope, const Node& node, EndpointConfig& endpoint) {
  auto value = read_value(scope, list_parameter, node);
  if (!value) return;
  const std::vector<std::string> known = names_for_clients(scope.catalogue());
  const auto& nodes = *node.as<Node::Array>();
  for (const std::string& name : *value->as<std::vector<std::string>>()) {
    const Position position = nodes[endpoint.query_operators.size()].position;
    const Scope place = scope.index(endpoint.query_operators.size());
    const auto& before = endpoint.query_operators;
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      place.problem(position,
                    {in_quotes(name) + " is no operator that clients may add", advise(name, known)});
    } else if (std::find(before.begin(), before.end(), name) != before.end()) {
      place.problem(position, {in_quotes(name) + " is listed twice", "keep one"});
    }
    endpoint.query_operators.push_back(name);
  }
}

}  // namespace

const Keys<EndpointConfig>& endpoint_keys() {
  static const Keys<EndpointConfig> keys = {
      field("title", &EndpointConfig::title, "A name for people."),
      field("description", &EndpointConfig::description, "What the stream is, for people."),
      {"source", "Where the items come from: one source, by its name, with its parameters.", read_source,
       [](const Catalogue&) { return reference("source"); }, true},
      {"pipeline", "Operators that the items pass through, in order.",
       [](const Scope& scope, const Node& node, EndpointConfig& endpoint) {
         read_pipeline(scope, node, endpoint.pipeline);
       },
       [](const Catalogue&) -> Json { return {{"type", "array"}, {"items", reference("operator")}}; }},
      share_key(),
      publish_key(),
      {"format", "The format for clients that ask for none. Left out: the program's default.", read_format,
       [](const Catalogue& catalogue) -> Json {
         return or_substitution({{"enum", format_names(catalogue)}});
       }},
      {"columns",
       "The columns of CSV, each the name of a member of the items. Left out: the members of the first item.",
       read_columns,
       [](const Catalogue&) -> Json {
         return {{"type", "array"}, {"items", {{"type", "string"}}}, {"minItems", 1}, {"uniqueItems", true}};
       }},
      {"query_operators",
       "Operators that a client may add for itself in its query, by their names: with [\"take\"], ?take=5 "
       "gives it five items. Left out: none.",
       read_query_operators,
       [](const Catalogue& catalogue) -> Json {
         return {{"type", "array"},
                 {"items", or_substitution({{"enum", names_for_clients(catalogue)}})},
                 {"uniqueItems", true}};
       }},
      field("finite", &EndpointConfig::finite,
            "Whether the stream ends by itself and soon, so that it may be sent as one JSON array."),
      access_key<EndpointConfig>("Who may read: \"anyone\", a list of bearer tokens, or a file of them. Left "
                                 "out: as the server says."),
      section("cors", &EndpointConfig::cors,
              "What browsers let pages of other origins read here. Left out: as the server says.",
              cors_keys()),
      field("first_item_timeout", &EndpointConfig::first_item_timeout,
            "How long the status waits for the first item here. Left out: as the server says.", {0s, 1h}),
      field("heartbeat", &EndpointConfig::heartbeat,
            "How long this stream stays silent before it shows that it is alive. NDJSON and text do so only "
            "where this is given.",
            {10ms, 24h}),
      field(
          "gzip", &EndpointConfig::gzip,
          "Whether this stream is compressed over HTTP for clients that ask for it. Left out: as the server "
          "says."),
      field("deflate", &EndpointConfig::deflate,
            "Whether WebSocket messages may be compressed (permessage-deflate)."),
      field("input", &EndpointConfig::input, "Whether what WebSocket clients send reaches the source."),
      field("max_message", &EndpointConfig::max_message,
            "The most that a message of a WebSocket client may have here. Left out: as the server says.",
            {Size{125}, mib(1024)}),
  };
  return keys;
}

namespace {

bool is_new(const Scope& scope, const Configuration& configuration, const RoutePattern& pattern,
            Position position) {
  for (const auto& other : configuration.endpoints) {
    if (!same_paths(other.pattern, pattern)) continue;
    scope.problem(position, {"matches the same paths as " + in_quotes(other.pattern.text) + " on line " +
                                 std::to_string(other.position.line),
                             "remove one of the two, or change its path"});
    return false;
  }
  return true;
}

void read_endpoint(const Scope& scope, const Member& member, Configuration& configuration) {
  EndpointConfig endpoint{.pattern = {}, .position = member.position, .access = configuration.server.access};
  auto pattern = accept(scope, member.position, parse_route_pattern(member.key));
  if (pattern) endpoint.pattern = *pattern;
  const auto* word = member.value.as<std::string>();
  if (word && scope.catalogue().find(ComponentKind::source, *word)) {
    scope.problem(member.value.position,
                  {in_quotes(*word) + " is a source", "write { \"source\": " + in_quotes(*word) + " }"});
  } else {
    read_object(scope.within(pattern ? &*pattern : nullptr), member.value, endpoint_keys(), endpoint);
  }
  if (!endpoint.source.empty() && endpoint.source.constants().reads_input() && !endpoint.input) {
    scope.key("input").problem(
        endpoint.source.position(),
        {"missing, and the source " + in_quotes(endpoint.source.name()) + " takes what clients send",
         "write \"input\": true"});
  }
  check_topic_endpoint(scope, member.value, endpoint);
  if (endpoint.is_plain_topic() && !endpoint.share) endpoint.share.emplace();
  if (const Node* share = member.value.find("share"); share != nullptr && endpoint.share)
    check_share(scope.key("share"), *share, endpoint);
  if (pattern && is_new(scope, configuration, *pattern, member.position)) {
    configuration.endpoints.push_back(std::move(endpoint));
  }
}

void read_endpoints(const Scope& scope, const Node& node, Configuration& configuration) {
  const auto* object = node.as<Node::Object>();
  if (!object || object->empty()) {
    const auto what =
        object ? "no endpoint is described" : std::string(kind_name(node.kind())) + " is not an object";
    return scope.problem(
        node.position,
        {what, "write { \"/count/{n}\": { \"source\": { \"counter\": { \"to\": \"${path.n}\" } } } }"});
  }
  each_member(scope, *object,
              [&](const Member& member) { read_endpoint(scope.key(member.key), member, configuration); });
  check_topics(scope, configuration);
  check_links(scope, configuration);
}

Json endpoints_schema(const Catalogue& catalogue) {
  return {{"type", "object"},
          {"minProperties", 1},
          {"propertyNames", {{"pattern", "^/"}}},
          {"additionalProperties", object_schema(endpoint_keys(), catalogue)}};
}

}  // namespace

const Keys<Configuration>& configuration_keys() {
  static const Keys<Configuration> keys = {
      {"$schema", "Where the schema of this file is, for editors. Not read by the program.",
       [](const Scope& scope, const Node& node, Configuration&) { read_value(scope, text_parameter, node); },
       [](const Catalogue&) { return value_schema(text_parameter); }},
      section("server", &Configuration::server, "The server itself: where it listens, and what it allows.",
              server_keys()),
      {"endpoints",
       "The streams, each under the paths that it answers to: \"/count/{n}\", \"/files/{name...}\".",
       read_endpoints, endpoints_schema, true},
  };
  return keys;
}

}  // namespace coyield::config::detail
