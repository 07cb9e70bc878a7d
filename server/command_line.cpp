#include <coyield/server/command_line.hpp>

#include <openssl/crypto.h>
#include <zlib.h>
#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <coyield/config/describe.hpp>
#include <coyield/config/load.hpp>
#include <coyield/config/schema.hpp>
#include <coyield/server/built_in.hpp>
#include <coyield/server/health.hpp>
#include <coyield/server/one_liners.hpp>
#include <coyield/server/server.hpp>
#include <csignal>
#include <filesystem>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#ifndef COYIELD_VERSION
#error "the build says COYIELD_VERSION"
#endif

namespace coyield::server {

namespace {

constexpr int exit_failure = 1;
constexpr int exit_usage = 2;
constexpr int exit_configuration = 78;  // EX_CONFIG of sysexits.h

constexpr const char* default_file = "coyield.json";
constexpr std::string_view demonstration =
#include "demonstration.json.inc"
    ;

struct Options {
  std::vector<std::string> listen = {};
  std::string log_format = {};
  std::string file = {};
  std::string kind = {};
  std::string name = {};
  std::string url = {};
  TailOptions tail = {};
};

std::string version_text() {
  std::string boost = BOOST_LIB_VERSION;
  std::replace(boost.begin(), boost.end(), '_', '.');
  return std::string("coyield ") + COYIELD_VERSION + "\nBoost " + boost + ", nlohmann/json " +
         std::to_string(NLOHMANN_JSON_VERSION_MAJOR) + "." + std::to_string(NLOHMANN_JSON_VERSION_MINOR) +
         "." + std::to_string(NLOHMANN_JSON_VERSION_PATCH) + ", " + OpenSSL_version(OPENSSL_VERSION) +
         ", zlib " + zlibVersion();
}

int refuse_configuration(const config::Problems& problems) {
  std::cerr << problems;
  return exit_configuration;
}

/// An option beats the file.
std::optional<std::string> apply(const Options& options, config::ServerConfig& server) {
  if (!options.listen.empty()) server.listen.clear();
  for (const std::string& text : options.listen) {
    auto address = config::parse_listen_address(text);
    if (!address) return "--listen: " + config::to_string(address.error());
    server.listen.push_back(*address);
  }
  if (!options.log_format.empty()) {
    server.log.format = options.log_format == "json" ? config::LogFormat::json : config::LogFormat::text;
  }
  return std::nullopt;
}

/// What somebody who has started the program without a file of theirs may type next. `address` is one that
/// they can reach.
using Greeting = std::function<void(const std::string& address)>;

void greet_demonstration(const std::string& address) {
  std::cout << "coyield serves its demonstration. Try:\n\n"
            << "  curl -N http://" << address << "/count/5\n"
            << "  curl -N http://" << address << "/clock?format=sse\n"
            << "  http://" << address << "/clock            in a browser\n"
            << "  ws://" << address << "/echo               in any WebSocket client\n\n"
            << "Your own: coyield serve coyield.json; `coyield list sources` says what there is."
            << std::endl;
}

void greet_tail(const std::vector<TailEndpoint>& endpoints, const std::string& address) {
  for (const TailEndpoint& endpoint : endpoints) {
    std::cout << endpoint.file << ": http://" << address << endpoint.path << '\n';
  }
  std::cout << std::flush;
}

int serve(const Options& options, config::Loaded<config::Configuration> loaded,
          const generators::Registry& registry, const Greeting& greet) {
  if (!loaded) return refuse_configuration(loaded.error());
  if (const auto mistake = apply(options, loaded->server)) {
    std::cerr << *mistake << '\n';
    return exit_usage;
  }
  std::signal(SIGPIPE, SIG_IGN);  // who reads the log may go; the streams go on
  Server server(loaded->server);
  add_endpoints(server, loaded->endpoints, registry);
  if (greet) {
    try {
      const std::vector<std::string> addresses = server.open();
      const auto tcp = std::find_if(addresses.begin(), addresses.end(),
                                    [](const std::string& address) { return !address.starts_with("unix:"); });
      if (tcp != addresses.end()) greet(*tcp);
    } catch (const std::exception& error) {
      std::cerr << error.what() << '\n';
      return exit_failure;
    }
  }
  return server.run();
}

int serve(const Options& options, const generators::Registry& registry, const config::Catalogue& catalogue) {
  std::string file = options.file;
  if (file.empty() && std::filesystem::exists(default_file)) file = default_file;
  if (!file.empty()) return serve(options, config::load_file(file, catalogue), registry, nullptr);
  return serve(options, config::load(demonstration, "demonstration", catalogue), registry,
               greet_demonstration);
}

int tail(const Options& options, const generators::Registry& registry, const config::Catalogue& catalogue) {
  for (const std::string& file : options.tail.files) {
    std::error_code error;
    if (std::filesystem::is_regular_file(file, error)) continue;
    std::cerr << config::in_quotes(file)
              << (std::filesystem::exists(file, error) ? " is no file" : " does not exist")
              << "; name the files to follow\n";
    return exit_usage;
  }
  const std::string text = tail_configuration(options.tail).dump();
  return serve(options, config::load(text, "tail", catalogue), registry,
               [&](const std::string& address) { greet_tail(tail_endpoints(options.tail.files), address); });
}

int check(const Options& options, const config::Catalogue& catalogue) {
  const auto loaded = config::load_file(options.file, catalogue);
  if (!loaded) return refuse_configuration(loaded.error());
  const std::size_t count = loaded->endpoints.size();
  std::cout << options.file << ": good, with " << count << (count == 1 ? " endpoint\n" : " endpoints\n");
  return 0;
}

std::string stages(const config::EndpointConfig& endpoint) {
  std::string text = endpoint.source.name();
  for (const auto& op : endpoint.pipeline) text += " | " + op.name();
  return text;
}

int routes(const Options& options, const config::Catalogue& catalogue) {
  const auto loaded = config::load_file(options.file, catalogue);
  if (!loaded) return refuse_configuration(loaded.error());
  std::size_t width = 0;
  for (const auto& endpoint : loaded->endpoints) width = std::max(width, endpoint.pattern.text.size());
  for (const auto& endpoint : loaded->endpoints) {
    const std::string& pattern = endpoint.pattern.text;
    std::cout << pattern << std::string(width - pattern.size() + 2, ' ') << stages(endpoint);
    if (!endpoint.title.empty()) std::cout << "  # " << endpoint.title;
    std::cout << '\n';
  }
  return 0;
}

/// The configuration of the server whose health is asked for: of a file that was named, or that `serve` would
/// find.
config::Loaded<config::ServerConfig> configuration_to_ask(const Options& options,
                                                          const config::Catalogue& catalogue) {
  std::string file = options.file;
  if (file.empty() && std::filesystem::exists(default_file)) file = default_file;
  if (file.empty()) return config::ServerConfig();
  auto loaded = config::load_file(file, catalogue);
  if (!loaded) return loaded.error();
  return loaded->server;
}

std::optional<HealthTarget> target_to_ask(const Options& options, const config::Catalogue& catalogue) {
  std::string address = options.url;
  if (address.empty() && !options.listen.empty()) address = options.listen.front();
  if (!address.empty()) {
    auto target = parse_health_target(address);
    if (target) return *target;
    std::cout << config::to_string(target.error()) << '\n';
    return std::nullopt;
  }
  const auto server = configuration_to_ask(options, catalogue);
  if (server) return health_target(*server);
  std::cout << server.error();
  return std::nullopt;
}

int health(const Options& options, const config::Catalogue& catalogue) {
  const auto target = target_to_ask(options, catalogue);
  return target && ask_health(*target, std::cout) ? 0 : exit_failure;
}

/// CLI11 only says that a command is wanted, and not that it was given one that is none.
std::optional<std::string> explain_command(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-' || !app.get_subcommands().empty()) return std::nullopt;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return "there is no command " + config::in_quotes(argv[1]) + "; " + config::advise(argv[1], names);
}

int list(const Options& options, const config::Catalogue& catalogue) {
  using config::ComponentKind;
  const std::vector<std::pair<std::string, ComponentKind>> kinds = {{"sources", ComponentKind::source},
                                                                    {"operators", ComponentKind::operator_},
                                                                    {"formats", ComponentKind::format}};
  for (const auto& [plural, kind] : kinds) {
    if (!options.kind.empty() && options.kind != plural) continue;
    if (!options.name.empty()) {
      const auto component = catalogue.find(kind, options.name);
      if (!component) {
        std::cerr << "there is no " << config::kind_name(kind) << " " << config::in_quotes(options.name)
                  << "; " << config::advise(options.name, catalogue.names(kind)) << '\n';
        return exit_usage;
      }
      std::cout << config::describe(*component);
      continue;
    }
    if (options.kind.empty()) std::cout << plural << ":\n";
    std::cout << config::describe(catalogue, kind);
  }
  return 0;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"A streaming server whose endpoints are async generators."};
  app.name("coyield");
  app.set_version_flag("--version", version_text());
  app.require_subcommand(1);
  app.fallthrough();
  Options options;
  app.add_option("--listen", options.listen,
                 "Where to listen: 127.0.0.1:8080, [::1]:8080, unix:/run/coyield.sock")
      ->envname("COYIELD_LISTEN")
      ->allow_extra_args(false)
      ->type_name("ADDR:PORT");
  app.add_option("--log-format", options.log_format, "text or json")
      ->envname("COYIELD_LOG_FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  CLI::App* serve_command =
      app.add_subcommand("serve", "Serve what FILE says; without one ./coyield.json, else a demonstration");
  serve_command->add_option("FILE", options.file, "The configuration")->envname("COYIELD_FILE");
  CLI::App* tail_command = app.add_subcommand("tail", "Serve files as they grow, without a configuration");
  tail_command->add_option("FILE", options.tail.files, "The files to follow")->required();
  tail_command
      ->add_option("--start", options.tail.start,
                   "Where a client begins that does not say ?start=: begin, end, or an offset in bytes")
      ->envname("COYIELD_START")
      ->default_val("end")
      ->type_name("PLACE");
  tail_command->add_option("--decode", options.tail.decode, "What an item is: lines, json or csv")
      ->envname("COYIELD_DECODE")
      ->default_val("lines")
      ->check(CLI::IsMember({"lines", "json", "csv"}));
  CLI::App* check_command =
      app.add_subcommand("check", "Check a configuration, and say all that is wrong with it");
  check_command->add_option("FILE", options.file, "The configuration")->required();
  CLI::App* routes_command = app.add_subcommand("routes", "Show the endpoints of a configuration");
  routes_command->add_option("FILE", options.file, "The configuration")->required();
  CLI::App* list_command = app.add_subcommand("list", "Show what there is: sources, operators, formats");
  list_command->add_option("KIND", options.kind, "sources, operators or formats")
      ->check(CLI::IsMember({"sources", "operators", "formats"}));
  list_command->add_option("NAME", options.name, "All about this one");
  CLI::App* schema_command = app.add_subcommand("schema", "Print the JSON Schema of the configuration");
  CLI::App* health_command =
      app.add_subcommand("health", "Ask a server whether it takes new clients; for health checks");
  health_command->add_option("URL", options.url,
                             "Of the server: http://127.0.0.1:8080, 127.0.0.1:8080, unix:/run/coyield.sock. "
                             "Without it: where the configuration says");
  health_command
      ->add_option(
          "--config", options.file,
          "The server's configuration: its admin address is asked, else its first other one. Without "
          "it: ./coyield.json, else 127.0.0.1:8080")
      ->envname("COYIELD_FILE")
      ->type_name("FILE");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const auto sentence = explain_command(app, argc, argv)) {
      std::cerr << *sentence << '\n';
      return exit_usage;
    }
    return app.exit(error) == 0 ? 0 : exit_usage;
  }
  const generators::Registry registry = built_in_components();
  const config::Catalogue catalogue = built_in_catalogue(registry);
  if (serve_command->parsed()) return serve(options, registry, catalogue);
  if (tail_command->parsed()) return tail(options, registry, catalogue);
  if (check_command->parsed()) return check(options, catalogue);
  if (routes_command->parsed()) return routes(options, catalogue);
  if (list_command->parsed()) return list(options, catalogue);
  if (schema_command->parsed()) {
    std::cout << config::schema(catalogue).dump(2) << '\n';
    return 0;
  }
  if (health_command->parsed()) return health(options, catalogue);
  return exit_usage;
}

}  // namespace coyield::server
